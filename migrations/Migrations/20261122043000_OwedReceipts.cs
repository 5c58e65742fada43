using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>What is owed by receipts themselves is open too, and repeated movements are found by their days.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261122043000_OwedReceipts")]
public sealed class OwedReceipts : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(SqlScript.Read("OwedReceipts.sql"));
}
