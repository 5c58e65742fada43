using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>What people signed with a second factor.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261121233500_Signatures")]
public sealed class Signatures : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(SqlScript.Read("Signatures.sql"));
}
