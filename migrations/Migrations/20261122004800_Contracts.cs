using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>Contracts from templates: their texts, acts, runs and results.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261122004800_Contracts")]
public sealed class Contracts : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(SqlScript.Read("Contracts.sql"));
}
