using Marketplace.Web.Pipeline;

var builder = WebApplication.CreateBuilder(args);

builder.AddPipeline();

var app = builder.Build();

app.UseActor();

return await Commands.RunAsync(app, args);
