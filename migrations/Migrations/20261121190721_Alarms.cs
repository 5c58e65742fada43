using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Marketplace.Migrations
{
    /// <inheritdoc />
    public partial class Alarms : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "alarm_rules",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    silent_hours = table.Column<int>(type: "integer", nullable: false),
                    urgent_minutes = table.Column<int>(type: "integer", nullable: false),
                    high_minutes = table.Column<int>(type: "integer", nullable: false),
                    low_minutes = table.Column<int>(type: "integer", nullable: false),
                    promise_hours = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_alarm_rules", x => x.loop_id);
                    table.ForeignKey(
                        name: "fk_alarm_rules_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "alarms",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    severity = table.Column<short>(type: "smallint", nullable: false),
                    cause = table.Column<string>(type: "character varying(120)", maxLength: 120, nullable: false),
                    stands = table.Column<bool>(type: "boolean", nullable: false),
                    subject = table.Column<string>(type: "character varying(80)", maxLength: 80, nullable: false),
                    meter_id = table.Column<int>(type: "integer", nullable: true),
                    member_id = table.Column<int>(type: "integer", nullable: true),
                    device_id = table.Column<int>(type: "integer", nullable: true),
                    words = table.Column<string>(type: "character varying(600)", maxLength: 600, nullable: false),
                    since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    opened_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    owner = table.Column<Guid>(type: "uuid", nullable: true),
                    taken_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    acknowledged_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    escalates_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    escalated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    resolved_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    resolved_by = table.Column<Guid>(type: "uuid", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_alarms", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_alarms_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "announcements",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    title = table.Column<string>(type: "character varying(120)", maxLength: 120, nullable: false),
                    text = table.Column<string>(type: "character varying(2000)", maxLength: 2000, nullable: false),
                    from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: true),
                    member_ids = table.Column<int[]>(type: "integer[]", nullable: true),
                    announced_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    announced_by = table.Column<Guid>(type: "uuid", nullable: true),
                    withdrawn_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_announcements", x => new { x.loop_id, x.id });
                    table.CheckConstraint("announcements_span", "until > \"from\"");
                    table.ForeignKey(
                        name: "fk_announcements_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "dispatches",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    way = table.Column<short>(type: "smallint", nullable: false),
                    key = table.Column<string>(type: "character varying(160)", maxLength: 160, nullable: false),
                    account_id = table.Column<Guid>(type: "uuid", nullable: true),
                    webhook_id = table.Column<int>(type: "integer", nullable: true),
                    alarm_ids = table.Column<long[]>(type: "bigint[]", nullable: false),
                    act = table.Column<short>(type: "smallint", nullable: true),
                    announcement_id = table.Column<long>(type: "bigint", nullable: true),
                    body = table.Column<string>(type: "text", nullable: true),
                    state = table.Column<short>(type: "smallint", nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    queued_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    next_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    sent_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    outcome = table.Column<string>(type: "character varying(300)", maxLength: 300, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_dispatches", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_dispatches_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "temperature_terms",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    meter_id = table.Column<int>(type: "integer", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    valid_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    supply_at_least = table.Column<int>(type: "integer", nullable: true),
                    supply_at_most = table.Column<int>(type: "integer", nullable: true),
                    return_at_least = table.Column<int>(type: "integer", nullable: true),
                    return_at_most = table.Column<int>(type: "integer", nullable: true),
                    tolerance = table.Column<int>(type: "integer", nullable: false),
                    least_litres = table.Column<long>(type: "bigint", nullable: false),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    set_by = table.Column<Guid>(type: "uuid", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_temperature_terms", x => new { x.loop_id, x.meter_id, x.version });
                    table.ForeignKey(
                        name: "fk_temperature_terms_meters_loop_id_meter_id",
                        columns: x => new { x.loop_id, x.meter_id },
                        principalSchema: "market",
                        principalTable: "meters",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "webhooks",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<int>(type: "integer", nullable: false),
                    url = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    secret = table.Column<string>(type: "text", nullable: false),
                    least_severity = table.Column<short>(type: "smallint", nullable: false),
                    added_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    removed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_webhooks", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_webhooks_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "alarm_events",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    alarm_id = table.Column<long>(type: "bigint", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    act = table.Column<short>(type: "smallint", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    by = table.Column<Guid>(type: "uuid", nullable: true),
                    note = table.Column<string>(type: "character varying(1000)", maxLength: 1000, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_alarm_events", x => new { x.loop_id, x.alarm_id, x.id });
                    table.ForeignKey(
                        name: "fk_alarm_events_alarms_loop_id_alarm_id",
                        columns: x => new { x.loop_id, x.alarm_id },
                        principalSchema: "market",
                        principalTable: "alarms",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_alarms_loop_id_member_id",
                schema: "market",
                table: "alarms",
                columns: new[] { "loop_id", "member_id" });

            migrationBuilder.CreateIndex(
                name: "ix_alarms_loop_id_meter_id",
                schema: "market",
                table: "alarms",
                columns: new[] { "loop_id", "meter_id" });

            migrationBuilder.CreateIndex(
                name: "ix_alarms_open",
                schema: "market",
                table: "alarms",
                columns: new[] { "loop_id", "severity", "id" },
                filter: "resolved_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_alarms_standing",
                schema: "market",
                table: "alarms",
                columns: new[] { "loop_id", "cause" },
                unique: true,
                filter: "stands");

            migrationBuilder.CreateIndex(
                name: "ix_announcements_loop_id_until",
                schema: "market",
                table: "announcements",
                columns: new[] { "loop_id", "until" });

            migrationBuilder.CreateIndex(
                name: "ix_dispatches_loop_id_key",
                schema: "market",
                table: "dispatches",
                columns: new[] { "loop_id", "key" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_dispatches_waiting",
                schema: "market",
                table: "dispatches",
                column: "next_at",
                filter: "state = 1");

            migrationBuilder.CreateIndex(
                name: "ix_webhooks_loop_id_url",
                schema: "market",
                table: "webhooks",
                columns: new[] { "loop_id", "url" },
                unique: true,
                filter: "removed_at IS NULL");

            migrationBuilder.Sql(SqlScript.Read("Alarms.sql"));
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "alarm_events",
                schema: "market");

            migrationBuilder.DropTable(
                name: "alarm_rules",
                schema: "market");

            migrationBuilder.DropTable(
                name: "announcements",
                schema: "market");

            migrationBuilder.DropTable(
                name: "dispatches",
                schema: "market");

            migrationBuilder.DropTable(
                name: "temperature_terms",
                schema: "market");

            migrationBuilder.DropTable(
                name: "webhooks",
                schema: "market");

            migrationBuilder.DropTable(
                name: "alarms",
                schema: "market");
        }
    }
}
