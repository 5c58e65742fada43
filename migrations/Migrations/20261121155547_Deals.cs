using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Marketplace.Migrations
{
    /// <inheritdoc />
    public partial class Deals : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "deals",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    submission_id = table.Column<Guid>(type: "uuid", nullable: false),
                    seller_id = table.Column<int>(type: "integer", nullable: false),
                    buyer_id = table.Column<int>(type: "integer", nullable: false),
                    proposer_id = table.Column<int>(type: "integer", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    made_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_deals", x => new { x.loop_id, x.id });
                    table.CheckConstraint("deals_two_parties", "seller_id <> buyer_id AND proposer_id IN (seller_id, buyer_id)");
                    table.ForeignKey(
                        name: "fk_deals_members_loop_id_buyer_id",
                        columns: x => new { x.loop_id, x.buyer_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_deals_members_loop_id_seller_id",
                        columns: x => new { x.loop_id, x.seller_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "deal_acts",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    deal_id = table.Column<long>(type: "bigint", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    done_by = table.Column<Guid>(type: "uuid", nullable: true),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    market_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    quantity = table.Column<long>(type: "bigint", nullable: false),
                    price = table.Column<long>(type: "bigint", nullable: false),
                    starts_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ends_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    hour_from = table.Column<short>(type: "smallint", nullable: false),
                    hour_until = table.Column<short>(type: "smallint", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    plant_code = table.Column<string>(type: "text", nullable: true),
                    canonical = table.Column<byte[]>(type: "bytea", nullable: false),
                    batch_id = table.Column<long>(type: "bigint", nullable: false),
                    batch_position = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_deal_acts", x => new { x.loop_id, x.deal_id, x.number });
                    table.ForeignKey(
                        name: "fk_deal_acts_deals_loop_id_deal_id",
                        columns: x => new { x.loop_id, x.deal_id },
                        principalSchema: "market",
                        principalTable: "deals",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "deal_hours",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    deal_id = table.Column<long>(type: "bigint", nullable: false),
                    seller_id = table.Column<int>(type: "integer", nullable: false),
                    buyer_id = table.Column<int>(type: "integer", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    plant_code = table.Column<string>(type: "text", nullable: false),
                    agreed = table.Column<long>(type: "bigint", nullable: false),
                    delivered = table.Column<long>(type: "bigint", nullable: false),
                    price = table.Column<long>(type: "bigint", nullable: false),
                    curtailed = table.Column<short>(type: "smallint", nullable: false),
                    canonical = table.Column<byte[]>(type: "bytea", nullable: false),
                    batch_id = table.Column<long>(type: "bigint", nullable: false),
                    batch_position = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_deal_hours", x => new { x.loop_id, x.hour, x.deal_id });
                    table.CheckConstraint("deal_hours_within_terms", "delivered >= 0 AND delivered <= agreed");
                    table.ForeignKey(
                        name: "fk_deal_hours_deals_loop_id_deal_id",
                        columns: x => new { x.loop_id, x.deal_id },
                        principalSchema: "market",
                        principalTable: "deals",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "deal_notes",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    deal_id = table.Column<long>(type: "bigint", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    text = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_deal_notes", x => new { x.loop_id, x.deal_id, x.number });
                    table.ForeignKey(
                        name: "fk_deal_notes_deal_acts_loop_id_deal_id_number",
                        columns: x => new { x.loop_id, x.deal_id, x.number },
                        principalSchema: "market",
                        principalTable: "deal_acts",
                        principalColumns: new[] { "loop_id", "deal_id", "number" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateIndex(
                name: "ix_deal_acts_loop_id_ends_at",
                schema: "market",
                table: "deal_acts",
                columns: new[] { "loop_id", "ends_at" },
                filter: "kind = 3");

            migrationBuilder.CreateIndex(
                name: "ix_deal_hours_loop_id_deal_id_hour",
                schema: "market",
                table: "deal_hours",
                columns: new[] { "loop_id", "deal_id", "hour" });

            migrationBuilder.CreateIndex(
                name: "ix_deals_loop_id_buyer_id",
                schema: "market",
                table: "deals",
                columns: new[] { "loop_id", "buyer_id" });

            migrationBuilder.CreateIndex(
                name: "ix_deals_loop_id_seller_id",
                schema: "market",
                table: "deals",
                columns: new[] { "loop_id", "seller_id" });

            migrationBuilder.CreateIndex(
                name: "ix_deals_loop_id_submission_id",
                schema: "market",
                table: "deals",
                columns: new[] { "loop_id", "submission_id" },
                unique: true);

            // What was proposed, answered and delivered is evidence; notes are words between two people, and can be erased.
            foreach (var table in new[] { "deals", "deal_acts", "deal_hours" })
            {
                migrationBuilder.Sql($"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.{table} FOR EACH ROW EXECUTE FUNCTION market.refuse_change()");
                migrationBuilder.Sql($"CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.{table} FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change()");
            }
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "deal_hours",
                schema: "market");

            migrationBuilder.DropTable(
                name: "deal_notes",
                schema: "market");

            migrationBuilder.DropTable(
                name: "deal_acts",
                schema: "market");

            migrationBuilder.DropTable(
                name: "deals",
                schema: "market");
        }
    }
}
