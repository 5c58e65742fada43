using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>The ledger's own schema, which the EF model does not know.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261121081500_Ledger")]
public sealed class Ledger : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(SqlScript.Read("Ledger.sql"));
}
