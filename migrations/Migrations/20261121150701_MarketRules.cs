using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Marketplace.Migrations
{
    /// <inheritdoc />
    public partial class MarketRules : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "wish_energy",
                schema: "market",
                table: "positions",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<long>(
                name: "wish_premium",
                schema: "market",
                table: "positions",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.CreateTable(
                name: "live_trades",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    buy_order_id = table.Column<long>(type: "bigint", nullable: false),
                    sell_order_id = table.Column<long>(type: "bigint", nullable: false),
                    energy = table.Column<long>(type: "bigint", nullable: false),
                    price = table.Column<long>(type: "bigint", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_live_trades", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_live_trades_orders_loop_id_buy_order_id",
                        columns: x => new { x.loop_id, x.buy_order_id },
                        principalSchema: "market",
                        principalTable: "orders",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_live_trades_orders_loop_id_sell_order_id",
                        columns: x => new { x.loop_id, x.sell_order_id },
                        principalSchema: "market",
                        principalTable: "orders",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "market_halts",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    from_hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    reason = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    set_by = table.Column<Guid>(type: "uuid", nullable: true),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ended_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_market_halts", x => new { x.loop_id, x.number });
                    table.ForeignKey(
                        name: "fk_market_halts_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "market_rules",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    valid_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    heat = table.Column<short>(type: "smallint", nullable: false),
                    cold = table.Column<short>(type: "smallint", nullable: false),
                    electricity = table.Column<short>(type: "smallint", nullable: false),
                    cap = table.Column<long>(type: "bigint", nullable: true),
                    floor = table.Column<long>(type: "bigint", nullable: true),
                    rounds = table.Column<int>(type: "integer", nullable: false),
                    reason = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    set_by = table.Column<Guid>(type: "uuid", nullable: true),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_market_rules", x => new { x.loop_id, x.version });
                    table.ForeignKey(
                        name: "fk_market_rules_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "member_preferences",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    valid_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    wish = table.Column<short>(type: "smallint", nullable: false),
                    premium = table.Column<long>(type: "bigint", nullable: false),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_member_preferences", x => new { x.loop_id, x.member_id, x.carrier, x.version });
                    table.ForeignKey(
                        name: "fk_member_preferences_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "trades",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    buy_position = table.Column<int>(type: "integer", nullable: true),
                    sell_position = table.Column<int>(type: "integer", nullable: true),
                    energy = table.Column<long>(type: "bigint", nullable: false),
                    price = table.Column<long>(type: "bigint", nullable: false),
                    round = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_trades", x => new { x.loop_id, x.hour, x.number });
                });

            migrationBuilder.CreateTable(
                name: "wishes_met",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    wish = table.Column<short>(type: "smallint", nullable: false),
                    wanted = table.Column<long>(type: "bigint", nullable: false),
                    met = table.Column<long>(type: "bigint", nullable: false),
                    premium = table.Column<long>(type: "bigint", nullable: false),
                    amount = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_wishes_met", x => new { x.loop_id, x.hour, x.member_id, x.carrier });
                });

            migrationBuilder.CreateIndex(
                name: "ix_live_trades_loop_id_buy_order_id",
                schema: "market",
                table: "live_trades",
                columns: new[] { "loop_id", "buy_order_id" });

            migrationBuilder.CreateIndex(
                name: "ix_live_trades_loop_id_hour_carrier",
                schema: "market",
                table: "live_trades",
                columns: new[] { "loop_id", "hour", "carrier" });

            migrationBuilder.CreateIndex(
                name: "ix_live_trades_loop_id_sell_order_id",
                schema: "market",
                table: "live_trades",
                columns: new[] { "loop_id", "sell_order_id" });

            migrationBuilder.CreateIndex(
                name: "ix_market_halts_loop_id",
                schema: "market",
                table: "market_halts",
                column: "loop_id",
                unique: true,
                filter: "ended_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_wishes_met_loop_id_member_id_hour",
                schema: "market",
                table: "wishes_met",
                columns: new[] { "loop_id", "member_id", "hour" });

            // What was in force, what was traded and what was asked for is evidence.
            foreach (var table in new[] { "market_rules", "trades", "live_trades", "member_preferences", "wishes_met" })
            {
                migrationBuilder.Sql($"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.{table} FOR EACH ROW EXECUTE FUNCTION market.refuse_change()");
                migrationBuilder.Sql($"CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.{table} FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change()");
            }
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "live_trades",
                schema: "market");

            migrationBuilder.DropTable(
                name: "market_halts",
                schema: "market");

            migrationBuilder.DropTable(
                name: "market_rules",
                schema: "market");

            migrationBuilder.DropTable(
                name: "member_preferences",
                schema: "market");

            migrationBuilder.DropTable(
                name: "trades",
                schema: "market");

            migrationBuilder.DropTable(
                name: "wishes_met",
                schema: "market");

            migrationBuilder.DropColumn(
                name: "wish_energy",
                schema: "market",
                table: "positions");

            migrationBuilder.DropColumn(
                name: "wish_premium",
                schema: "market",
                table: "positions");
        }
    }
}
