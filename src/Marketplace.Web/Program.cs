using Marketplace.Web;
using Marketplace.Web.Pipeline;

try
{
    var app = WebApplication.CreateBuilder(args).AddPortal().Build().MapPortal();

    return await Commands.RunAsync(app, args);
}
catch (Exception failure) when (StartFault.Words(failure) is { } words)
{
    await Console.Error.WriteLineAsync(words);
    return 2;
}
