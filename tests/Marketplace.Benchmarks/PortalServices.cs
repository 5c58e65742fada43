using Marketplace.Testing;
using Marketplace.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Marketplace.Benchmarks;

/// <summary>The portal's services on a database of the benchmark's own, without the host: nothing of it runs by itself.</summary>
internal static class PortalServices
{
    public static ServiceProvider Of(TestDatabase database)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(database.Environment
            .ToDictionary(setting => setting.Key.Replace("__", ":", StringComparison.Ordinal), setting => (string?)setting.Value)
            .Append(new("Ledger:MasterKey", PublishedApp.MasterKey)));
        return builder.AddPortal().Services.BuildServiceProvider();
    }
}
