using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>Letters about documents, what people refuse to be written to about, copies of everything about a person, and access that members grant.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261121213500_Privacy")]
public sealed class Privacy : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(SqlScript.Read("Privacy.sql"));
}
