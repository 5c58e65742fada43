using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>Entries are mostly hashes: to try to compress them, and to undo it, cost more than to write them.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261122150000_PendingEntriesStorage")]
public sealed class PendingEntriesStorage : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("ALTER TABLE ledger.pending ALTER COLUMN entries SET STORAGE EXTERNAL;");
}
