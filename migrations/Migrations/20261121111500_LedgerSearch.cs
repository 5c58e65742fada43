using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>What the public search of the ledger needs.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261121111500_LedgerSearch")]
public sealed class LedgerSearch : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(SqlScript.Read("LedgerSearch.sql"));
}
