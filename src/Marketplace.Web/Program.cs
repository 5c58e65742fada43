using Marketplace.Web.Features.Accounts;
using Marketplace.Web.Features.Ledger;
using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;

var builder = WebApplication.CreateBuilder(args);

builder.AddPipeline();
builder.AddShell();
builder.AddAccounts();
builder.AddLedger();

var app = builder.Build();

app.UseActor();
app.MapShell();
app.MapAccounts();

app.MapLedgerEndpoints();

return await Commands.RunAsync(app, args);
