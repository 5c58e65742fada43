using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>Keeps readings that come after their hour was settled, and what settling the difference came to.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261121204000_LateReadings")]
public sealed class LateReadings : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(SqlScript.Read("LateReadings.sql"));
}
