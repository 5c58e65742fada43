using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>What members agree to, propose and decide, and what they raise money for.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261121235800_Community")]
public sealed class Community : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(SqlScript.Read("Community.sql"));
}
