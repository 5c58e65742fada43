using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Marketplace.Migrations
{
    /// <inheritdoc />
    public partial class BillLife : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_bills_loop_id_member_id_role_period_start",
                schema: "market",
                table: "bills");

            migrationBuilder.AddColumn<long>(
                name: "compensation_per_hour",
                schema: "market",
                table: "tariffs",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<string>(
                name: "reason",
                schema: "market",
                table: "tariffs",
                type: "character varying(500)",
                maxLength: 500,
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "set_at",
                schema: "market",
                table: "tariffs",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "set_by",
                schema: "market",
                table: "tariffs",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "contract_id",
                schema: "market",
                table: "bills",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "corrects_id",
                schema: "market",
                table: "bills",
                type: "integer",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "is_final",
                schema: "market",
                table: "bills",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<short>(
                name: "kind",
                schema: "market",
                table: "bills",
                type: "smallint",
                nullable: false,
                defaultValue: (short)1);

            migrationBuilder.AddColumn<short>(
                name: "product",
                schema: "market",
                table: "bills",
                type: "smallint",
                nullable: false,
                defaultValue: (short)0);

            migrationBuilder.AddColumn<short>(
                name: "revision",
                schema: "market",
                table: "bills",
                type: "smallint",
                nullable: false,
                defaultValue: (short)0);

            migrationBuilder.AddColumn<string>(
                name: "name",
                schema: "market",
                table: "bill_lines",
                type: "text",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "bill_corrections",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    bill_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    reference = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_bill_corrections", x => new { x.loop_id, x.bill_id, x.hour, x.reference });
                    table.ForeignKey(
                        name: "fk_bill_corrections_bills_loop_id_bill_id",
                        columns: x => new { x.loop_id, x.bill_id },
                        principalSchema: "market",
                        principalTable: "bills",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "bill_facts",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    bill_id = table.Column<int>(type: "integer", nullable: false),
                    facts = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_bill_facts", x => new { x.loop_id, x.bill_id });
                    table.ForeignKey(
                        name: "fk_bill_facts_bills_loop_id_bill_id",
                        columns: x => new { x.loop_id, x.bill_id },
                        principalSchema: "market",
                        principalTable: "bills",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "bill_periods",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    period_start = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    period_end = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    issue_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    opened_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    completed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_bill_periods", x => new { x.loop_id, x.period_start, x.period_end });
                    table.ForeignKey(
                        name: "fk_bill_periods_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "billing_terms",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    consumer_bodies = table.Column<string>(type: "text", nullable: false),
                    energy_agencies = table.Column<string>(type: "text", nullable: false),
                    complaints = table.Column<string>(type: "text", nullable: false),
                    disputes = table.Column<string>(type: "text", nullable: false),
                    normal_heat = table.Column<int>(type: "integer", nullable: true),
                    normal_cold = table.Column<int>(type: "integer", nullable: true),
                    normal_electricity = table.Column<int>(type: "integer", nullable: true),
                    late_data_days = table.Column<int>(type: "integer", nullable: false),
                    release_by_hand = table.Column<bool>(type: "boolean", nullable: false),
                    set_by = table.Column<Guid>(type: "uuid", nullable: true),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_billing_terms", x => new { x.loop_id, x.version });
                    table.ForeignKey(
                        name: "fk_billing_terms_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "handovers",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    from_member_id = table.Column<int>(type: "integer", nullable: false),
                    to_member_id = table.Column<int>(type: "integer", nullable: true),
                    counters = table.Column<string>(type: "text", nullable: false),
                    set_by = table.Column<Guid>(type: "uuid", nullable: true),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_handovers", x => new { x.loop_id, x.number });
                    table.ForeignKey(
                        name: "fk_handovers_members_loop_id_from_member_id",
                        columns: x => new { x.loop_id, x.from_member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_handovers_members_loop_id_to_member_id",
                        columns: x => new { x.loop_id, x.to_member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" });
                });

            migrationBuilder.CreateTable(
                name: "shared_amounts",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    name = table.Column<string>(type: "character varying(80)", maxLength: 80, nullable: false),
                    cents = table.Column<long>(type: "bigint", nullable: false),
                    key = table.Column<short>(type: "smallint", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    set_by = table.Column<Guid>(type: "uuid", nullable: true),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_shared_amounts", x => new { x.loop_id, x.number });
                    table.CheckConstraint("shared_amounts_not_zero", "cents <> 0");
                    table.ForeignKey(
                        name: "fk_shared_amounts_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "tariff_levies",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    number = table.Column<short>(type: "smallint", nullable: false),
                    name = table.Column<string>(type: "character varying(80)", maxLength: 80, nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    rate = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_tariff_levies", x => new { x.loop_id, x.version, x.number });
                    table.ForeignKey(
                        name: "fk_tariff_levies_tariffs_loop_id_version",
                        columns: x => new { x.loop_id, x.version },
                        principalSchema: "market",
                        principalTable: "tariffs",
                        principalColumns: new[] { "loop_id", "version" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "tariff_zone_fees",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    zone = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    fee = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_tariff_zone_fees", x => new { x.loop_id, x.version, x.zone, x.carrier });
                    table.ForeignKey(
                        name: "fk_tariff_zone_fees_tariffs_loop_id_version",
                        columns: x => new { x.loop_id, x.version },
                        principalSchema: "market",
                        principalTable: "tariffs",
                        principalColumns: new[] { "loop_id", "version" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "tax_rates",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    valid_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    category = table.Column<short>(type: "smallint", nullable: false),
                    basis_points = table.Column<int>(type: "integer", nullable: false),
                    reason = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    set_by = table.Column<Guid>(type: "uuid", nullable: true),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_tax_rates", x => new { x.loop_id, x.number });
                    table.CheckConstraint("tax_rates_within_bounds", "basis_points BETWEEN 0 AND 10000 AND (category = 1 OR basis_points = 0) AND category BETWEEN 1 AND 5");
                    table.ForeignKey(
                        name: "fk_tax_rates_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_bills_loop_id_period_start_period_end",
                schema: "market",
                table: "bills",
                columns: new[] { "loop_id", "period_start", "period_end" });

            migrationBuilder.CreateIndex(
                name: "ux_bills_corrects",
                schema: "market",
                table: "bills",
                columns: new[] { "loop_id", "corrects_id", "kind" },
                unique: true,
                filter: "corrects_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ux_bills_original",
                schema: "market",
                table: "bills",
                columns: new[] { "loop_id", "member_id", "contract_id", "role", "product", "period_start" },
                unique: true,
                filter: "kind = 1 AND revision = 0");

            migrationBuilder.CreateIndex(
                name: "ix_handovers_loop_id_from_member_id",
                schema: "market",
                table: "handovers",
                columns: new[] { "loop_id", "from_member_id" });

            migrationBuilder.CreateIndex(
                name: "ix_handovers_loop_id_to_member_id",
                schema: "market",
                table: "handovers",
                columns: new[] { "loop_id", "to_member_id" });

            migrationBuilder.CreateIndex(
                name: "ix_shared_amounts_loop_id_hour",
                schema: "market",
                table: "shared_amounts",
                columns: new[] { "loop_id", "hour" });

            migrationBuilder.AddForeignKey(
                name: "fk_bills_bills_loop_id_corrects_id",
                schema: "market",
                table: "bills",
                columns: new[] { "loop_id", "corrects_id" },
                principalSchema: "market",
                principalTable: "bills",
                principalColumns: new[] { "loop_id", "id" });

            migrationBuilder.Sql(SqlScript.Read("Bills.sql"));
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropForeignKey(
                name: "fk_bills_bills_loop_id_corrects_id",
                schema: "market",
                table: "bills");

            migrationBuilder.DropTable(
                name: "bill_corrections",
                schema: "market");

            migrationBuilder.DropTable(
                name: "bill_facts",
                schema: "market");

            migrationBuilder.DropTable(
                name: "bill_periods",
                schema: "market");

            migrationBuilder.DropTable(
                name: "billing_terms",
                schema: "market");

            migrationBuilder.DropTable(
                name: "handovers",
                schema: "market");

            migrationBuilder.DropTable(
                name: "shared_amounts",
                schema: "market");

            migrationBuilder.DropTable(
                name: "tariff_levies",
                schema: "market");

            migrationBuilder.DropTable(
                name: "tariff_zone_fees",
                schema: "market");

            migrationBuilder.DropTable(
                name: "tax_rates",
                schema: "market");

            migrationBuilder.DropIndex(
                name: "ix_bills_loop_id_period_start_period_end",
                schema: "market",
                table: "bills");

            migrationBuilder.DropIndex(
                name: "ux_bills_corrects",
                schema: "market",
                table: "bills");

            migrationBuilder.DropIndex(
                name: "ux_bills_original",
                schema: "market",
                table: "bills");

            migrationBuilder.DropColumn(
                name: "compensation_per_hour",
                schema: "market",
                table: "tariffs");

            migrationBuilder.DropColumn(
                name: "reason",
                schema: "market",
                table: "tariffs");

            migrationBuilder.DropColumn(
                name: "set_at",
                schema: "market",
                table: "tariffs");

            migrationBuilder.DropColumn(
                name: "set_by",
                schema: "market",
                table: "tariffs");

            migrationBuilder.DropColumn(
                name: "contract_id",
                schema: "market",
                table: "bills");

            migrationBuilder.DropColumn(
                name: "corrects_id",
                schema: "market",
                table: "bills");

            migrationBuilder.DropColumn(
                name: "is_final",
                schema: "market",
                table: "bills");

            migrationBuilder.DropColumn(
                name: "kind",
                schema: "market",
                table: "bills");

            migrationBuilder.DropColumn(
                name: "product",
                schema: "market",
                table: "bills");

            migrationBuilder.DropColumn(
                name: "revision",
                schema: "market",
                table: "bills");

            migrationBuilder.DropColumn(
                name: "name",
                schema: "market",
                table: "bill_lines");

            migrationBuilder.CreateIndex(
                name: "ix_bills_loop_id_member_id_role_period_start",
                schema: "market",
                table: "bills",
                columns: new[] { "loop_id", "member_id", "role", "period_start" },
                unique: true);
        }
    }
}
