using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Marketplace.Migrations
{
    /// <inheritdoc />
    public partial class ReadingQuality : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "forecast_days",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    day = table.Column<DateOnly>(type: "date", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    meters = table.Column<int>(type: "integer", nullable: false),
                    sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    made_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    canonical = table.Column<byte[]>(type: "bytea", nullable: false),
                    batch_id = table.Column<long>(type: "bigint", nullable: false),
                    batch_position = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_forecast_days", x => new { x.loop_id, x.day, x.version });
                    table.ForeignKey(
                        name: "fk_forecast_days_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "judged_days",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    until = table.Column<DateOnly>(type: "date", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_judged_days", x => x.loop_id);
                    table.ForeignKey(
                        name: "fk_judged_days_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "meter_class_terms",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    class_name = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    spike_over_third_peak = table.Column<decimal>(type: "numeric", nullable: false),
                    hampel_deviations = table.Column<decimal>(type: "numeric", nullable: false),
                    stuck_hours = table.Column<int>(type: "integer", nullable: false),
                    long_zero_hours = table.Column<int>(type: "integer", nullable: false),
                    history_factor = table.Column<decimal>(type: "numeric", nullable: false),
                    jump_factor = table.Column<decimal>(type: "numeric", nullable: false),
                    register_tolerance = table.Column<decimal>(type: "numeric", nullable: false),
                    most_loss = table.Column<decimal>(type: "numeric", nullable: false),
                    heat_tolerance = table.Column<decimal>(type: "numeric", nullable: false),
                    least_difference = table.Column<decimal>(type: "numeric", nullable: false),
                    reason = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    set_by = table.Column<Guid>(type: "uuid", nullable: true),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_meter_class_terms", x => new { x.loop_id, x.class_name, x.version });
                    table.ForeignKey(
                        name: "fk_meter_class_terms_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "meter_forecasts",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    day = table.Column<DateOnly>(type: "date", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    meter_id = table.Column<int>(type: "integer", nullable: false),
                    method = table.Column<short>(type: "smallint", nullable: false),
                    usual_error = table.Column<long>(type: "bigint", nullable: false),
                    hours_wh = table.Column<long[]>(type: "bigint[]", nullable: false),
                    errors = table.Column<string>(type: "text", nullable: false),
                    known_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    made_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_meter_forecasts", x => new { x.loop_id, x.day, x.version, x.meter_id });
                    table.ForeignKey(
                        name: "fk_meter_forecasts_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "open_flags",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    flag_id = table.Column<long>(type: "bigint", nullable: false),
                    meter_id = table.Column<int>(type: "integer", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: true),
                    severity = table.Column<short>(type: "smallint", nullable: false),
                    check_name = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_open_flags", x => new { x.loop_id, x.flag_id });
                });

            migrationBuilder.CreateTable(
                name: "quantity_choices",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    source = table.Column<short>(type: "smallint", nullable: false),
                    valid_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    reason = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    set_by = table.Column<Guid>(type: "uuid", nullable: true),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_quantity_choices", x => new { x.loop_id, x.version });
                    table.ForeignKey(
                        name: "fk_quantity_choices_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "reading_estimates",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    meter_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    revision = table.Column<short>(type: "smallint", nullable: false),
                    requested = table.Column<short>(type: "smallint", nullable: false),
                    applied = table.Column<short>(type: "smallint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_reading_estimates", x => new { x.loop_id, x.meter_id, x.hour, x.revision });
                });

            migrationBuilder.CreateTable(
                name: "reading_flags",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    meter_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    until_hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    check_name = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    occurrence = table.Column<short>(type: "smallint", nullable: false),
                    severity = table.Column<short>(type: "smallint", nullable: false),
                    words = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    other_meter = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    found_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_reading_flags", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_reading_flags_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "unjudged_readings",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    meter_id = table.Column<int>(type: "integer", nullable: false),
                    from_hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    until_hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    stamp = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_unjudged_readings", x => new { x.loop_id, x.meter_id });
                });

            migrationBuilder.CreateTable(
                name: "flag_resolutions",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    flag_id = table.Column<long>(type: "bigint", nullable: false),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    reason = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    resolved_by = table.Column<Guid>(type: "uuid", nullable: true),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_flag_resolutions", x => new { x.loop_id, x.flag_id });
                    table.ForeignKey(
                        name: "fk_flag_resolutions_reading_flags_loop_id_flag_id",
                        columns: x => new { x.loop_id, x.flag_id },
                        principalSchema: "market",
                        principalTable: "reading_flags",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_meter_forecasts_loop_id_meter_id_day",
                schema: "market",
                table: "meter_forecasts",
                columns: new[] { "loop_id", "meter_id", "day" });

            migrationBuilder.CreateIndex(
                name: "ix_open_flags_loop_id_check_name_severity_hour_flag_id",
                schema: "market",
                table: "open_flags",
                columns: new[] { "loop_id", "check_name", "severity", "hour", "flag_id" },
                descending: new[] { false, false, true, true, true });

            migrationBuilder.CreateIndex(
                name: "ix_open_flags_loop_id_meter_id",
                schema: "market",
                table: "open_flags",
                columns: new[] { "loop_id", "meter_id" });

            migrationBuilder.CreateIndex(
                name: "ix_open_flags_loop_id_severity_hour_flag_id",
                schema: "market",
                table: "open_flags",
                columns: new[] { "loop_id", "severity", "hour", "flag_id" },
                descending: new[] { false, true, true, true });

            migrationBuilder.CreateIndex(
                name: "ix_reading_flags_loop_id_meter_id_hour_check_name_occurrence",
                schema: "market",
                table: "reading_flags",
                columns: new[] { "loop_id", "meter_id", "hour", "check_name", "occurrence" },
                unique: true);

            migrationBuilder.Sql(SqlScript.Read("ReadingQuality.sql"));
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "flag_resolutions",
                schema: "market");

            migrationBuilder.DropTable(
                name: "forecast_days",
                schema: "market");

            migrationBuilder.DropTable(
                name: "judged_days",
                schema: "market");

            migrationBuilder.DropTable(
                name: "meter_class_terms",
                schema: "market");

            migrationBuilder.DropTable(
                name: "meter_forecasts",
                schema: "market");

            migrationBuilder.DropTable(
                name: "open_flags",
                schema: "market");

            migrationBuilder.DropTable(
                name: "quantity_choices",
                schema: "market");

            migrationBuilder.DropTable(
                name: "reading_estimates",
                schema: "market");

            migrationBuilder.DropTable(
                name: "unjudged_readings",
                schema: "market");

            migrationBuilder.DropTable(
                name: "reading_flags",
                schema: "market");
        }
    }
}
