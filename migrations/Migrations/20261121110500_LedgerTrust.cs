using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>Who must cosign, which keys sign, and what went wrong: kept by the ledger itself.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261121110500_LedgerTrust")]
public sealed class LedgerTrust : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(SqlScript.Read("LedgerTrust.sql"));
}
