using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>Indexes by the beginnings of words of members, meters and documents.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261122031000_Search")]
public sealed class Search : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(SqlScript.Read("Search.sql"));
}
