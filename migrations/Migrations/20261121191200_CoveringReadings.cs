using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>Lets the key of readings carry what a year of a meter is summed from: hours lie a page apart in the table, side by side in the key.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261121191200_CoveringReadings")]
public sealed class CoveringReadings : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(SqlScript.Read("CoveringReadings.sql"));
}
