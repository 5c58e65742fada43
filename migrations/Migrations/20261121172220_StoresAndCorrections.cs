using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Marketplace.Migrations
{
    /// <inheritdoc />
    public partial class StoresAndCorrections : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "corrected_members",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    reference = table.Column<long>(type: "bigint", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    amount = table.Column<long>(type: "bigint", nullable: false),
                    posted_hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_corrected_members", x => new { x.loop_id, x.hour, x.reference, x.member_id });
                });

            migrationBuilder.CreateTable(
                name: "store_choices",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    plant_code = table.Column<string>(type: "text", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    valid_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    by_market = table.Column<bool>(type: "boolean", nullable: false),
                    owner_share_millionths = table.Column<int>(type: "integer", nullable: false),
                    chosen_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_store_choices", x => new { x.loop_id, x.plant_code, x.version });
                    table.ForeignKey(
                        name: "fk_store_choices_plants_loop_id_plant_code",
                        columns: x => new { x.loop_id, x.plant_code },
                        principalSchema: "market",
                        principalTable: "plants",
                        principalColumns: new[] { "loop_id", "code" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "store_plans",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    plant_code = table.Column<string>(type: "text", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    owner_share_millionths = table.Column<int>(type: "integer", nullable: false),
                    worth = table.Column<long>(type: "bigint", nullable: false),
                    charge = table.Column<long>(type: "bigint", nullable: false),
                    discharge = table.Column<long>(type: "bigint", nullable: false),
                    held = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_store_plans", x => new { x.loop_id, x.plant_code, x.hour });
                });

            migrationBuilder.CreateTable(
                name: "store_shares",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    plant_code = table.Column<string>(type: "text", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    owner_share_millionths = table.Column<int>(type: "integer", nullable: false),
                    result = table.Column<long>(type: "bigint", nullable: false),
                    amount = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_store_shares", x => new { x.loop_id, x.plant_code, x.hour });
                });

            migrationBuilder.CreateTable(
                name: "store_terms",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    owner_share_millionths = table.Column<int>(type: "integer", nullable: false),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_store_terms", x => new { x.loop_id, x.version });
                    table.CheckConstraint("store_terms_share", "owner_share_millionths BETWEEN 0 AND 1000000");
                });

            migrationBuilder.CreateIndex(
                name: "ix_corrected_members_loop_id_posted_hour",
                schema: "market",
                table: "corrected_members",
                columns: new[] { "loop_id", "posted_hour" });

            migrationBuilder.CreateIndex(
                name: "ix_store_shares_loop_id_hour",
                schema: "market",
                table: "store_shares",
                columns: new[] { "loop_id", "hour" });

            // What was corrected, chosen, planned and shared is never changed.
            migrationBuilder.Sql("""
                DO $$
                DECLARE
                    name text;
                BEGIN
                    FOREACH name IN ARRAY ARRAY['corrected_members', 'store_terms', 'store_choices', 'store_plans', 'store_shares']
                    LOOP
                        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.%I FOR EACH ROW EXECUTE FUNCTION market.refuse_change()', name);
                        EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.%I FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change()', name);
                    END LOOP;
                END $$;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "corrected_members",
                schema: "market");

            migrationBuilder.DropTable(
                name: "store_choices",
                schema: "market");

            migrationBuilder.DropTable(
                name: "store_plans",
                schema: "market");

            migrationBuilder.DropTable(
                name: "store_shares",
                schema: "market");

            migrationBuilder.DropTable(
                name: "store_terms",
                schema: "market");
        }
    }
}
