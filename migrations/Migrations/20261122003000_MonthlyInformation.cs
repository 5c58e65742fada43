using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>Letters about a month's consumption, and who wants them.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261122003000_MonthlyInformation")]
public sealed class MonthlyInformation : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(SqlScript.Read("MonthlyInformation.sql"));
}
