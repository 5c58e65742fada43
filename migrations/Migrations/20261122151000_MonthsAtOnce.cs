using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>Two transactions that need the same new month at once both find it made.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261122151000_MonthsAtOnce")]
public sealed class MonthsAtOnce : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(SqlScript.Read("MonthsAtOnce.sql"));
}
