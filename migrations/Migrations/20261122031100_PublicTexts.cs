using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>Legal notice, terms, privacy and contact of each loop.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261122031100_PublicTexts")]
public sealed class PublicTexts : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(SqlScript.Read("PublicTexts.sql"));
}
