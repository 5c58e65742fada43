using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Marketplace.Migrations
{
    /// <inheritdoc />
    public partial class ChargingQuotas : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "charging_allocations",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    group_id = table.Column<int>(type: "integer", nullable: false),
                    period = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    margin_watts = table.Column<long>(type: "bigint", nullable: false),
                    demanded_watts = table.Column<long>(type: "bigint", nullable: false),
                    pricing = table.Column<short>(type: "smallint", nullable: false),
                    penalty_rate = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_charging_allocations", x => new { x.loop_id, x.group_id, x.period });
                });

            migrationBuilder.CreateTable(
                name: "charging_failures",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    group_id = table.Column<int>(type: "integer", nullable: false),
                    period = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    step = table.Column<short>(type: "smallint", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_charging_failures", x => new { x.loop_id, x.group_id, x.period, x.step });
                });

            migrationBuilder.CreateTable(
                name: "charging_groups",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<int>(type: "integer", nullable: false),
                    name = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    first_hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_charging_groups", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_charging_groups_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "charging_nets",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    group_id = table.Column<int>(type: "integer", nullable: false),
                    period = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    energy = table.Column<long>(type: "bigint", nullable: false),
                    amount = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_charging_nets", x => new { x.loop_id, x.group_id, x.period, x.member_id });
                });

            migrationBuilder.CreateTable(
                name: "charging_quotas",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    group_id = table.Column<int>(type: "integer", nullable: false),
                    period = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    position = table.Column<int>(type: "integer", nullable: false),
                    demand_watts = table.Column<long>(type: "bigint", nullable: false),
                    quota_watts = table.Column<long>(type: "bigint", nullable: false),
                    shown_hundredths_of_kilowatt = table.Column<long>(type: "bigint", nullable: false),
                    energy = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_charging_quotas", x => new { x.loop_id, x.group_id, x.period, x.member_id });
                });

            migrationBuilder.CreateTable(
                name: "charging_trades",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    group_id = table.Column<int>(type: "integer", nullable: false),
                    period = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    bid_id = table.Column<long>(type: "bigint", nullable: false),
                    offer_id = table.Column<long>(type: "bigint", nullable: false),
                    energy = table.Column<long>(type: "bigint", nullable: false),
                    price = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_charging_trades", x => new { x.loop_id, x.group_id, x.period, x.number });
                });

            migrationBuilder.CreateTable(
                name: "charging_uses",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    group_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    allowance = table.Column<long>(type: "bigint", nullable: false),
                    used = table.Column<long>(type: "bigint", nullable: true),
                    over_use = table.Column<long>(type: "bigint", nullable: false),
                    penalty = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_charging_uses", x => new { x.loop_id, x.group_id, x.hour, x.member_id });
                });

            migrationBuilder.CreateTable(
                name: "charging_demands",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    group_id = table.Column<int>(type: "integer", nullable: false),
                    period = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    watts = table.Column<long>(type: "bigint", nullable: false),
                    stated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_charging_demands", x => new { x.loop_id, x.group_id, x.period, x.member_id });
                    table.CheckConstraint("charging_demands_watts", "watts >= 0");
                    table.ForeignKey(
                        name: "fk_charging_demands_charging_groups_loop_id_group_id",
                        columns: x => new { x.loop_id, x.group_id },
                        principalSchema: "market",
                        principalTable: "charging_groups",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "charging_habits",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    group_id = table.Column<int>(type: "integer", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    slot = table.Column<short>(type: "smallint", nullable: false),
                    valid_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    watts = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_charging_habits", x => new { x.loop_id, x.group_id, x.slot, x.member_id, x.valid_from });
                    table.CheckConstraint("charging_habits_watts", "watts >= 0 AND slot BETWEEN 0 AND 47");
                    table.ForeignKey(
                        name: "fk_charging_habits_charging_groups_loop_id_group_id",
                        columns: x => new { x.loop_id, x.group_id },
                        principalSchema: "market",
                        principalTable: "charging_groups",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "charging_orders",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    submission_id = table.Column<Guid>(type: "uuid", nullable: false),
                    group_id = table.Column<int>(type: "integer", nullable: false),
                    period = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    side = table.Column<short>(type: "smallint", nullable: false),
                    energy = table.Column<long>(type: "bigint", nullable: false),
                    limit = table.Column<long>(type: "bigint", nullable: false),
                    deposit = table.Column<long>(type: "bigint", nullable: false),
                    placed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    withdrawn_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_charging_orders", x => new { x.loop_id, x.id });
                    table.CheckConstraint("charging_orders_positive", "energy > 0 AND \"limit\" >= 0 AND deposit >= 0");
                    table.ForeignKey(
                        name: "fk_charging_orders_charging_groups_loop_id_group_id",
                        columns: x => new { x.loop_id, x.group_id },
                        principalSchema: "market",
                        principalTable: "charging_groups",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "charging_overrides",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    group_id = table.Column<int>(type: "integer", nullable: false),
                    period = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    margin_watts = table.Column<long>(type: "bigint", nullable: false),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_charging_overrides", x => new { x.loop_id, x.group_id, x.period });
                    table.CheckConstraint("charging_overrides_margin", "margin_watts >= 0");
                    table.ForeignKey(
                        name: "fk_charging_overrides_charging_groups_loop_id_group_id",
                        columns: x => new { x.loop_id, x.group_id },
                        principalSchema: "market",
                        principalTable: "charging_groups",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "charging_points",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    group_id = table.Column<int>(type: "integer", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    from_hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    meter_id = table.Column<int>(type: "integer", nullable: false),
                    until_hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_charging_points", x => new { x.loop_id, x.group_id, x.member_id, x.from_hour });
                    table.ForeignKey(
                        name: "fk_charging_points_charging_groups_loop_id_group_id",
                        columns: x => new { x.loop_id, x.group_id },
                        principalSchema: "market",
                        principalTable: "charging_groups",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_charging_points_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_charging_points_meters_loop_id_meter_id",
                        columns: x => new { x.loop_id, x.meter_id },
                        principalSchema: "market",
                        principalTable: "meters",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "charging_steps",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    group_id = table.Column<int>(type: "integer", nullable: false),
                    period = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    step = table.Column<short>(type: "smallint", nullable: false),
                    done_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    canonical = table.Column<byte[]>(type: "bytea", nullable: false),
                    batch_id = table.Column<long>(type: "bigint", nullable: false),
                    batch_position = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_charging_steps", x => new { x.loop_id, x.group_id, x.step, x.period });
                    table.ForeignKey(
                        name: "fk_charging_steps_charging_groups_loop_id_group_id",
                        columns: x => new { x.loop_id, x.group_id },
                        principalSchema: "market",
                        principalTable: "charging_groups",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "charging_terms",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    group_id = table.Column<int>(type: "integer", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    valid_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    pricing = table.Column<short>(type: "smallint", nullable: false),
                    penalty_rate = table.Column<long>(type: "bigint", nullable: false),
                    margin_watts = table.Column<long[]>(type: "bigint[]", nullable: false),
                    set_by = table.Column<Guid>(type: "uuid", nullable: true),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_charging_terms", x => new { x.loop_id, x.group_id, x.version });
                    table.CheckConstraint("charging_terms_half_hours", "cardinality(margin_watts) = 48");
                    table.ForeignKey(
                        name: "fk_charging_terms_charging_groups_loop_id_group_id",
                        columns: x => new { x.loop_id, x.group_id },
                        principalSchema: "market",
                        principalTable: "charging_groups",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_charging_groups_loop_id_name",
                schema: "market",
                table: "charging_groups",
                columns: new[] { "loop_id", "name" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_charging_orders_loop_id_group_id_period",
                schema: "market",
                table: "charging_orders",
                columns: new[] { "loop_id", "group_id", "period" });

            migrationBuilder.CreateIndex(
                name: "ix_charging_orders_loop_id_submission_id",
                schema: "market",
                table: "charging_orders",
                columns: new[] { "loop_id", "submission_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_charging_points_loop_id_group_id_member_id",
                schema: "market",
                table: "charging_points",
                columns: new[] { "loop_id", "group_id", "member_id" },
                unique: true,
                filter: "until_hour IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_charging_points_loop_id_member_id",
                schema: "market",
                table: "charging_points",
                columns: new[] { "loop_id", "member_id" });

            migrationBuilder.CreateIndex(
                name: "ix_charging_points_loop_id_meter_id",
                schema: "market",
                table: "charging_points",
                columns: new[] { "loop_id", "meter_id" },
                unique: true,
                filter: "until_hour IS NULL");

            // What was shared out, traded and settled is never changed.
            migrationBuilder.Sql("""
                DO $$
                DECLARE
                    name text;
                BEGIN
                    FOREACH name IN ARRAY ARRAY['charging_steps', 'charging_allocations', 'charging_quotas', 'charging_trades', 'charging_nets', 'charging_uses', 'charging_terms']
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
                name: "charging_allocations",
                schema: "market");

            migrationBuilder.DropTable(
                name: "charging_demands",
                schema: "market");

            migrationBuilder.DropTable(
                name: "charging_failures",
                schema: "market");

            migrationBuilder.DropTable(
                name: "charging_habits",
                schema: "market");

            migrationBuilder.DropTable(
                name: "charging_nets",
                schema: "market");

            migrationBuilder.DropTable(
                name: "charging_orders",
                schema: "market");

            migrationBuilder.DropTable(
                name: "charging_overrides",
                schema: "market");

            migrationBuilder.DropTable(
                name: "charging_points",
                schema: "market");

            migrationBuilder.DropTable(
                name: "charging_quotas",
                schema: "market");

            migrationBuilder.DropTable(
                name: "charging_steps",
                schema: "market");

            migrationBuilder.DropTable(
                name: "charging_terms",
                schema: "market");

            migrationBuilder.DropTable(
                name: "charging_trades",
                schema: "market");

            migrationBuilder.DropTable(
                name: "charging_uses",
                schema: "market");

            migrationBuilder.DropTable(
                name: "charging_groups",
                schema: "market");
        }
    }
}
