using Marketplace.Web.Pipeline;
using Marketplace.Web.Shell;

var builder = WebApplication.CreateBuilder(args);

builder.AddPipeline();
builder.AddShell();

var app = builder.Build();

app.UseActor();
app.MapShell();

return await Commands.RunAsync(app, args);
