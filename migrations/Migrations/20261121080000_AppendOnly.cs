using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>What EF cannot say: partitions, and tables that refuse change.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261121080000_AppendOnly")]
public sealed class AppendOnly : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(SqlScript.Read("AppendOnly.sql"));
}
