using Marketplace.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Marketplace.Migrations;

/// <summary>Used by <c>dotnet ef migrations add NAME --project migrations</c> only; it connects to nothing.</summary>
public sealed class DesignTimeMarketplaceDb : IDesignTimeDbContextFactory<MarketplaceDb>
{
    public MarketplaceDb CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<MarketplaceDb>()
            .UseNpgsql("Host=nowhere", postgres => postgres
                .MigrationsAssembly("Marketplace.Migrations")
                .MigrationsHistoryTable("migrations", MarketplaceDb.Schema))
            .Options);
}
