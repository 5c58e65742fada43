using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Marketplace.Migrations
{
    /// <inheritdoc />
    public partial class Devices : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "device_id",
                schema: "market",
                table: "api_key_scopes",
                type: "integer",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "may_meter",
                schema: "market",
                table: "api_key_scopes",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.CreateTable(
                name: "device_batches",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    device_id = table.Column<int>(type: "integer", nullable: false),
                    sequence = table.Column<long>(type: "bigint", nullable: false),
                    hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    signature = table.Column<byte[]>(type: "bytea", nullable: false),
                    key_number = table.Column<int>(type: "integer", nullable: false),
                    readings = table.Column<int>(type: "integer", nullable: false),
                    refused = table.Column<int>(type: "integer", nullable: false),
                    received_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    batch_id = table.Column<long>(type: "bigint", nullable: false),
                    batch_position = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_device_batches", x => new { x.loop_id, x.device_id, x.sequence });
                });

            migrationBuilder.CreateTable(
                name: "devices",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<int>(type: "integer", nullable: false),
                    code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    model = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    state = table.Column<short>(type: "smallint", nullable: false),
                    registered_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    calibrated_until = table.Column<DateOnly>(type: "date", nullable: true),
                    last_seen_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    last_refused_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    last_refusal = table.Column<string>(type: "character varying(300)", maxLength: 300, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_devices", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_devices_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "manual_readings",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    submission_id = table.Column<Guid>(type: "uuid", nullable: false),
                    meter_id = table.Column<int>(type: "integer", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    counter = table.Column<long>(type: "bigint", nullable: false),
                    taken_by = table.Column<Guid>(type: "uuid", nullable: true),
                    taken_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    photo_sha256 = table.Column<byte[]>(type: "bytea", nullable: true),
                    canonical = table.Column<byte[]>(type: "bytea", nullable: false),
                    batch_id = table.Column<long>(type: "bigint", nullable: false),
                    batch_position = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_manual_readings", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_manual_readings_meters_loop_id_meter_id",
                        columns: x => new { x.loop_id, x.meter_id },
                        principalSchema: "market",
                        principalTable: "meters",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "meter_tests",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    meter_id = table.Column<int>(type: "integer", nullable: false),
                    reason = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    requested_by = table.Column<Guid>(type: "uuid", nullable: true),
                    requested_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    outcome = table.Column<short>(type: "smallint", nullable: true),
                    error_ppm = table.Column<int>(type: "integer", nullable: true),
                    findings = table.Column<string>(type: "character varying(1000)", maxLength: 1000, nullable: true),
                    decided_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_meter_tests", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_meter_tests_meters_loop_id_meter_id",
                        columns: x => new { x.loop_id, x.meter_id },
                        principalSchema: "market",
                        principalTable: "meters",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "reading_calls",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    call_id = table.Column<Guid>(type: "uuid", nullable: false),
                    body_sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    answer = table.Column<byte[]>(type: "bytea", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_reading_calls", x => new { x.loop_id, x.call_id });
                    table.ForeignKey(
                        name: "fk_reading_calls_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "reading_files",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    name = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    source = table.Column<short>(type: "smallint", nullable: false),
                    content = table.Column<byte[]>(type: "bytea", nullable: true),
                    sent_by = table.Column<Guid>(type: "uuid", nullable: true),
                    sent_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    done_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    rows = table.Column<int>(type: "integer", nullable: false),
                    rows_done = table.Column<int>(type: "integer", nullable: false),
                    stored = table.Column<int>(type: "integer", nullable: false),
                    corrected = table.Column<int>(type: "integer", nullable: false),
                    unchanged = table.Column<int>(type: "integer", nullable: false),
                    refused = table.Column<int>(type: "integer", nullable: false),
                    failure = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_reading_files", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_reading_files_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "virtual_meters",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<int>(type: "integer", nullable: false),
                    code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_virtual_meters", x => new { x.loop_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "watched_folders",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    folder = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    is_on = table.Column<bool>(type: "boolean", nullable: false),
                    looked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    problem = table.Column<string>(type: "character varying(300)", maxLength: 300, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_watched_folders", x => x.loop_id);
                    table.ForeignKey(
                        name: "fk_watched_folders_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "device_acts",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    device_id = table.Column<int>(type: "integer", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    done_by = table.Column<Guid>(type: "uuid", nullable: true),
                    words = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    canonical = table.Column<byte[]>(type: "bytea", nullable: false),
                    batch_id = table.Column<long>(type: "bigint", nullable: false),
                    batch_position = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_device_acts", x => new { x.loop_id, x.device_id, x.number });
                    table.ForeignKey(
                        name: "fk_device_acts_devices_loop_id_device_id",
                        columns: x => new { x.loop_id, x.device_id },
                        principalSchema: "market",
                        principalTable: "devices",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "device_keys",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    device_id = table.Column<int>(type: "integer", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    point = table.Column<byte[]>(type: "bytea", nullable: false),
                    added_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ends_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    revoked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_device_keys", x => new { x.loop_id, x.device_id, x.number });
                    table.ForeignKey(
                        name: "fk_device_keys_devices_loop_id_device_id",
                        columns: x => new { x.loop_id, x.device_id },
                        principalSchema: "market",
                        principalTable: "devices",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "device_registers",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    device_id = table.Column<int>(type: "integer", nullable: false),
                    register = table.Column<short>(type: "smallint", nullable: false),
                    from_hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    until_hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    meter_id = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_device_registers", x => new { x.loop_id, x.device_id, x.register, x.from_hour });
                    table.CheckConstraint("device_registers_span", "until_hour IS NULL OR until_hour > from_hour");
                    table.ForeignKey(
                        name: "fk_device_registers_devices_loop_id_device_id",
                        columns: x => new { x.loop_id, x.device_id },
                        principalSchema: "market",
                        principalTable: "devices",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_device_registers_meters_loop_id_meter_id",
                        columns: x => new { x.loop_id, x.meter_id },
                        principalSchema: "market",
                        principalTable: "meters",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "reading_photos",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    reading_id = table.Column<long>(type: "bigint", nullable: false),
                    content_type = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    content = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_reading_photos", x => new { x.loop_id, x.reading_id });
                    table.ForeignKey(
                        name: "fk_reading_photos_manual_readings_loop_id_reading_id",
                        columns: x => new { x.loop_id, x.reading_id },
                        principalSchema: "market",
                        principalTable: "manual_readings",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "reading_file_refusals",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    file_id = table.Column<long>(type: "bigint", nullable: false),
                    line = table.Column<int>(type: "integer", nullable: false),
                    row = table.Column<string>(type: "text", nullable: false),
                    rule = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_reading_file_refusals", x => new { x.loop_id, x.file_id, x.line });
                    table.ForeignKey(
                        name: "fk_reading_file_refusals_reading_files_loop_id_file_id",
                        columns: x => new { x.loop_id, x.file_id },
                        principalSchema: "market",
                        principalTable: "reading_files",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "virtual_meter_parts",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    virtual_meter_id = table.Column<int>(type: "integer", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    meter_id = table.Column<int>(type: "integer", nullable: false),
                    factor_millionths = table.Column<long>(type: "bigint", nullable: false),
                    from_hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_virtual_meter_parts", x => new { x.loop_id, x.virtual_meter_id, x.version, x.meter_id });
                    table.ForeignKey(
                        name: "fk_virtual_meter_parts_meters_loop_id_meter_id",
                        columns: x => new { x.loop_id, x.meter_id },
                        principalSchema: "market",
                        principalTable: "meters",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_virtual_meter_parts_virtual_meters_loop_id_virtual_meter_id",
                        columns: x => new { x.loop_id, x.virtual_meter_id },
                        principalSchema: "market",
                        principalTable: "virtual_meters",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_device_keys_loop_id_point",
                schema: "market",
                table: "device_keys",
                columns: new[] { "loop_id", "point" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_device_registers_loop_id_meter_id",
                schema: "market",
                table: "device_registers",
                columns: new[] { "loop_id", "meter_id" },
                unique: true,
                filter: "until_hour IS NULL AND register <= 4");

            migrationBuilder.CreateIndex(
                name: "ix_devices_loop_id_code",
                schema: "market",
                table: "devices",
                columns: new[] { "loop_id", "code" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_manual_readings_loop_id_meter_id_at",
                schema: "market",
                table: "manual_readings",
                columns: new[] { "loop_id", "meter_id", "at" });

            migrationBuilder.CreateIndex(
                name: "ix_manual_readings_loop_id_submission_id",
                schema: "market",
                table: "manual_readings",
                columns: new[] { "loop_id", "submission_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_meter_tests_open",
                schema: "market",
                table: "meter_tests",
                columns: new[] { "loop_id", "meter_id" },
                unique: true,
                filter: "outcome IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_reading_files_loop_id_sha256",
                schema: "market",
                table: "reading_files",
                columns: new[] { "loop_id", "sha256" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_virtual_meter_parts_loop_id_meter_id",
                schema: "market",
                table: "virtual_meter_parts",
                columns: new[] { "loop_id", "meter_id" });

            migrationBuilder.CreateIndex(
                name: "ix_virtual_meters_loop_id_code",
                schema: "market",
                table: "virtual_meters",
                columns: new[] { "loop_id", "code" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_watched_folders_folder",
                schema: "market",
                table: "watched_folders",
                column: "folder",
                unique: true);

            migrationBuilder.Sql(SqlScript.Read("Devices.sql"));
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP TABLE market.register_values; DROP FUNCTION market.ensure_register_values_month(timestamptz);");

            migrationBuilder.DropTable(
                name: "device_acts",
                schema: "market");

            migrationBuilder.DropTable(
                name: "device_batches",
                schema: "market");

            migrationBuilder.DropTable(
                name: "device_keys",
                schema: "market");

            migrationBuilder.DropTable(
                name: "device_registers",
                schema: "market");

            migrationBuilder.DropTable(
                name: "meter_tests",
                schema: "market");

            migrationBuilder.DropTable(
                name: "reading_calls",
                schema: "market");

            migrationBuilder.DropTable(
                name: "reading_file_refusals",
                schema: "market");

            migrationBuilder.DropTable(
                name: "reading_photos",
                schema: "market");

            migrationBuilder.DropTable(
                name: "virtual_meter_parts",
                schema: "market");

            migrationBuilder.DropTable(
                name: "watched_folders",
                schema: "market");

            migrationBuilder.DropTable(
                name: "devices",
                schema: "market");

            migrationBuilder.DropTable(
                name: "reading_files",
                schema: "market");

            migrationBuilder.DropTable(
                name: "manual_readings",
                schema: "market");

            migrationBuilder.DropTable(
                name: "virtual_meters",
                schema: "market");

            migrationBuilder.DropColumn(
                name: "device_id",
                schema: "market",
                table: "api_key_scopes");

            migrationBuilder.DropColumn(
                name: "may_meter",
                schema: "market",
                table: "api_key_scopes");
        }
    }
}
