using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Marketplace.Migrations
{
    /// <inheritdoc />
    public partial class Zones : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropPrimaryKey(
                name: "pk_prices",
                schema: "market",
                table: "prices");

            migrationBuilder.AddColumn<long>(
                name: "curtailed",
                schema: "market",
                table: "trades",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<string>(
                name: "zone",
                schema: "market",
                table: "prices",
                type: "character varying(20)",
                maxLength: 20,
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<long>(
                name: "curtailed",
                schema: "market",
                table: "live_trades",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<string>(
                name: "limit",
                schema: "market",
                table: "live_trades",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "zone",
                schema: "market",
                table: "converter_runs",
                type: "character varying(20)",
                maxLength: 20,
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "zone",
                schema: "market",
                table: "book_orders",
                type: "character varying(20)",
                maxLength: 20,
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddPrimaryKey(
                name: "pk_prices",
                schema: "market",
                table: "prices",
                columns: new[] { "loop_id", "hour", "carrier", "zone" });

            migrationBuilder.CreateTable(
                name: "line_flows",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    code = table.Column<string>(type: "text", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    from_zone = table.Column<string>(type: "text", nullable: false),
                    to_zone = table.Column<string>(type: "text", nullable: false),
                    capacity = table.Column<long>(type: "bigint", nullable: false),
                    loss_millionths = table.Column<int>(type: "integer", nullable: false),
                    fee = table.Column<long>(type: "bigint", nullable: false),
                    sent = table.Column<long>(type: "bigint", nullable: false),
                    arrived = table.Column<long>(type: "bigint", nullable: false),
                    sent_by_trades = table.Column<long>(type: "bigint", nullable: false),
                    arrived_by_trades = table.Column<long>(type: "bigint", nullable: false),
                    fee_amount = table.Column<long>(type: "bigint", nullable: false),
                    rent = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_line_flows", x => new { x.loop_id, x.hour, x.code });
                });

            migrationBuilder.CreateTable(
                name: "zone_lines",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    code = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    from_zone = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false),
                    to_zone = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    capacity_watts = table.Column<long>(type: "bigint", nullable: false),
                    loss_millionths = table.Column<int>(type: "integer", nullable: false),
                    fee = table.Column<long>(type: "bigint", nullable: false),
                    valid_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    reason = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    set_by = table.Column<Guid>(type: "uuid", nullable: true),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_zone_lines", x => new { x.loop_id, x.code, x.version });
                    table.CheckConstraint("zone_lines_within_bounds", "from_zone <> to_zone AND capacity_watts >= 0 AND loss_millionths BETWEEN 0 AND 999999");
                    table.ForeignKey(
                        name: "fk_zone_lines_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "zone_placements",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    plant_code = table.Column<string>(type: "text", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    zone = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false),
                    valid_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    set_by = table.Column<Guid>(type: "uuid", nullable: true),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_zone_placements", x => new { x.loop_id, x.member_id, x.plant_code, x.version });
                    table.CheckConstraint("zone_placements_one_thing", "(member_id = 0) <> (plant_code = '')");
                    table.ForeignKey(
                        name: "fk_zone_placements_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "zone_trades",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    number = table.Column<long>(type: "bigint", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    seller_id = table.Column<int>(type: "integer", nullable: false),
                    buyer_id = table.Column<int>(type: "integer", nullable: false),
                    seller_plant = table.Column<string>(type: "text", nullable: false),
                    buyer_plant = table.Column<string>(type: "text", nullable: false),
                    from_zone = table.Column<string>(type: "text", nullable: false),
                    to_zone = table.Column<string>(type: "text", nullable: false),
                    price = table.Column<long>(type: "bigint", nullable: false),
                    allowed = table.Column<long>(type: "bigint", nullable: false),
                    curtailed = table.Column<long>(type: "bigint", nullable: false),
                    limit = table.Column<string>(type: "text", nullable: true),
                    shared = table.Column<bool>(type: "boolean", nullable: false),
                    fee = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_zone_trades", x => new { x.loop_id, x.hour, x.kind, x.number });
                    table.CheckConstraint("zone_trades_not_negative", "allowed >= 0 AND curtailed >= 0");
                });

            migrationBuilder.CreateTable(
                name: "zones",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    code = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false),
                    name = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    valid_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    set_by = table.Column<Guid>(type: "uuid", nullable: true),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_zones", x => new { x.loop_id, x.number });
                    table.ForeignKey(
                        name: "fk_zones_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_zones_loop_id_code",
                schema: "market",
                table: "zones",
                columns: new[] { "loop_id", "code" },
                unique: true);

            // Who stood where, what a connection could carry and what it carried is evidence.
            foreach (var table in new[] { "zones", "zone_lines", "zone_placements", "line_flows", "zone_trades" })
            {
                migrationBuilder.Sql($"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.{table} FOR EACH ROW EXECUTE FUNCTION market.refuse_change()");
                migrationBuilder.Sql($"CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.{table} FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change()");
            }
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "line_flows",
                schema: "market");

            migrationBuilder.DropTable(
                name: "zone_lines",
                schema: "market");

            migrationBuilder.DropTable(
                name: "zone_placements",
                schema: "market");

            migrationBuilder.DropTable(
                name: "zone_trades",
                schema: "market");

            migrationBuilder.DropTable(
                name: "zones",
                schema: "market");

            migrationBuilder.DropPrimaryKey(
                name: "pk_prices",
                schema: "market",
                table: "prices");

            migrationBuilder.DropColumn(
                name: "curtailed",
                schema: "market",
                table: "trades");

            migrationBuilder.DropColumn(
                name: "zone",
                schema: "market",
                table: "prices");

            migrationBuilder.DropColumn(
                name: "curtailed",
                schema: "market",
                table: "live_trades");

            migrationBuilder.DropColumn(
                name: "limit",
                schema: "market",
                table: "live_trades");

            migrationBuilder.DropColumn(
                name: "zone",
                schema: "market",
                table: "converter_runs");

            migrationBuilder.DropColumn(
                name: "zone",
                schema: "market",
                table: "book_orders");

            migrationBuilder.AddPrimaryKey(
                name: "pk_prices",
                schema: "market",
                table: "prices",
                columns: new[] { "loop_id", "hour", "carrier" });
        }
    }
}
