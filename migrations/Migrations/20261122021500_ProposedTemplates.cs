using Marketplace.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Marketplace.Migrations;

/// <summary>The templates of contracts that members vote on, as they were when they were proposed.</summary>
[DbContext(typeof(MarketplaceDb))]
[Migration("20261122021500_ProposedTemplates")]
public sealed class ProposedTemplates : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(SqlScript.Read("ProposedTemplates.sql"));
}
