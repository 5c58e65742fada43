using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>What was signed once cannot stand under two acts.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261122030000_OneActForASignature")]
public sealed class OneActForASignature : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(SqlScript.Read("OneActForASignature.sql"));
}
