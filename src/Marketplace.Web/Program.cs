using Marketplace.Web;
using Marketplace.Web.Pipeline;

var app = WebApplication.CreateBuilder(args).AddPortal().Build().MapPortal();

return await Commands.RunAsync(app, args);
