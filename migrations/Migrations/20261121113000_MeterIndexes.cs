using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>The hour's root over meters, which is written and read with hand-written SQL.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261121113000_MeterIndexes")]
public sealed class MeterIndexes : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(SqlScript.Read("MeterIndexes.sql"));
}
