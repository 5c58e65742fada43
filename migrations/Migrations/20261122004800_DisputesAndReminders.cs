using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Marketplace.Migrations
{
    /// <inheritdoc />
    public partial class DisputesAndReminders : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "disputes",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<int>(type: "integer", nullable: false),
                    bill_id = table.Column<int>(type: "integer", nullable: false),
                    line = table.Column<short>(type: "smallint", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    submission_id = table.Column<Guid>(type: "uuid", nullable: false),
                    state = table.Column<short>(type: "smallint", nullable: false),
                    disputed_cents = table.Column<long>(type: "bigint", nullable: false),
                    granted_cents = table.Column<long>(type: "bigint", nullable: false),
                    cure = table.Column<short>(type: "smallint", nullable: false),
                    opened_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    opened_on = table.Column<DateOnly>(type: "date", nullable: false),
                    opened_by = table.Column<Guid>(type: "uuid", nullable: true),
                    answer_by = table.Column<DateOnly>(type: "date", nullable: false),
                    decided_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    decided_on = table.Column<DateOnly>(type: "date", nullable: true),
                    decided_by = table.Column<Guid>(type: "uuid", nullable: true),
                    canonical = table.Column<byte[]>(type: "bytea", nullable: true),
                    batch_id = table.Column<long>(type: "bigint", nullable: true),
                    batch_position = table.Column<int>(type: "integer", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_disputes", x => new { x.loop_id, x.id });
                    table.CheckConstraint("disputes_cents", "disputed_cents > 0 AND granted_cents BETWEEN 0 AND disputed_cents");
                    table.CheckConstraint("disputes_outcome", "(granted_cents > 0) = (state IN (2, 4)) AND (granted_cents > 0) = (cure > 0)");
                    table.ForeignKey(
                        name: "fk_disputes_bill_lines_loop_id_bill_id_line",
                        columns: x => new { x.loop_id, x.bill_id, x.line },
                        principalSchema: "market",
                        principalTable: "bill_lines",
                        principalColumns: new[] { "loop_id", "bill_id", "line" },
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_disputes_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "instalment_plans",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<int>(type: "integer", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    submission_id = table.Column<Guid>(type: "uuid", nullable: false),
                    state = table.Column<short>(type: "smallint", nullable: false),
                    total_cents = table.Column<long>(type: "bigint", nullable: false),
                    grace_days = table.Column<int>(type: "integer", nullable: false),
                    agreed_on = table.Column<DateOnly>(type: "date", nullable: false),
                    agreed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    agreed_by = table.Column<Guid>(type: "uuid", nullable: true),
                    ended_on = table.Column<DateOnly>(type: "date", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_instalment_plans", x => new { x.loop_id, x.id });
                    table.CheckConstraint("instalment_plans_total", "total_cents > 0");
                    table.ForeignKey(
                        name: "fk_instalment_plans_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "reminder_days",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    day = table.Column<DateOnly>(type: "date", nullable: false),
                    done_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_reminder_days", x => new { x.loop_id, x.day });
                    table.ForeignKey(
                        name: "fk_reminder_days_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "reminder_terms",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    valid_from = table.Column<DateOnly>(type: "date", nullable: false),
                    level_days = table.Column<int[]>(type: "integer[]", nullable: false),
                    level_fee_cents = table.Column<long[]>(type: "bigint[]", nullable: false),
                    least_cents = table.Column<long>(type: "bigint", nullable: false),
                    answer_days = table.Column<int>(type: "integer", nullable: false),
                    grace_days = table.Column<int>(type: "integer", nullable: false),
                    set_by = table.Column<Guid>(type: "uuid", nullable: true),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_reminder_terms", x => new { x.loop_id, x.version });
                    table.CheckConstraint("reminder_terms_levels", "cardinality(level_days) = cardinality(level_fee_cents)");
                    table.ForeignKey(
                        name: "fk_reminder_terms_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "reminders",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    bill_id = table.Column<int>(type: "integer", nullable: false),
                    level = table.Column<short>(type: "smallint", nullable: false),
                    terms_version = table.Column<int>(type: "integer", nullable: false),
                    cents = table.Column<long>(type: "bigint", nullable: false),
                    fee_cents = table.Column<long>(type: "bigint", nullable: false),
                    made_on = table.Column<DateOnly>(type: "date", nullable: false),
                    made_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_reminders", x => new { x.loop_id, x.id });
                    table.CheckConstraint("reminders_cents", "cents > 0 AND fee_cents >= 0 AND level > 0");
                    table.ForeignKey(
                        name: "fk_reminders_bills_loop_id_bill_id",
                        columns: x => new { x.loop_id, x.bill_id },
                        principalSchema: "market",
                        principalTable: "bills",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_reminders_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "dispute_files",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    dispute_id = table.Column<int>(type: "integer", nullable: false),
                    submission_id = table.Column<Guid>(type: "uuid", nullable: false),
                    from_operator = table.Column<bool>(type: "boolean", nullable: false),
                    by = table.Column<Guid>(type: "uuid", nullable: true),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    file_name = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    content_type = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    content = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_dispute_files", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_dispute_files_disputes_loop_id_dispute_id",
                        columns: x => new { x.loop_id, x.dispute_id },
                        principalSchema: "market",
                        principalTable: "disputes",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "dispute_messages",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    dispute_id = table.Column<int>(type: "integer", nullable: false),
                    submission_id = table.Column<Guid>(type: "uuid", nullable: false),
                    from_operator = table.Column<bool>(type: "boolean", nullable: false),
                    by = table.Column<Guid>(type: "uuid", nullable: true),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    text = table.Column<string>(type: "character varying(4000)", maxLength: 4000, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_dispute_messages", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_dispute_messages_disputes_loop_id_dispute_id",
                        columns: x => new { x.loop_id, x.dispute_id },
                        principalSchema: "market",
                        principalTable: "disputes",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "goodwill_credits",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    dispute_id = table.Column<int>(type: "integer", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    bill_id = table.Column<int>(type: "integer", nullable: false),
                    cents = table.Column<long>(type: "bigint", nullable: false),
                    given_on = table.Column<DateOnly>(type: "date", nullable: false),
                    given_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_goodwill_credits", x => new { x.loop_id, x.dispute_id });
                    table.CheckConstraint("goodwill_credits_cents", "cents > 0");
                    table.ForeignKey(
                        name: "fk_goodwill_credits_bills_loop_id_bill_id",
                        columns: x => new { x.loop_id, x.bill_id },
                        principalSchema: "market",
                        principalTable: "bills",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_goodwill_credits_disputes_loop_id_dispute_id",
                        columns: x => new { x.loop_id, x.dispute_id },
                        principalSchema: "market",
                        principalTable: "disputes",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_goodwill_credits_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "instalment_documents",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    plan_id = table.Column<int>(type: "integer", nullable: false),
                    bill_id = table.Column<int>(type: "integer", nullable: false),
                    cents = table.Column<long>(type: "bigint", nullable: false),
                    running = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_instalment_documents", x => new { x.loop_id, x.plan_id, x.bill_id });
                    table.CheckConstraint("instalment_documents_cents", "cents > 0");
                    table.ForeignKey(
                        name: "fk_instalment_documents_bills_loop_id_bill_id",
                        columns: x => new { x.loop_id, x.bill_id },
                        principalSchema: "market",
                        principalTable: "bills",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_instalment_documents_instalment_plans_loop_id_plan_id",
                        columns: x => new { x.loop_id, x.plan_id },
                        principalSchema: "market",
                        principalTable: "instalment_plans",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "instalment_parts",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    plan_id = table.Column<int>(type: "integer", nullable: false),
                    number = table.Column<short>(type: "smallint", nullable: false),
                    due_on = table.Column<DateOnly>(type: "date", nullable: false),
                    cents = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_instalment_parts", x => new { x.loop_id, x.plan_id, x.number });
                    table.CheckConstraint("instalment_parts_cents", "cents > 0");
                    table.ForeignKey(
                        name: "fk_instalment_parts_instalment_plans_loop_id_plan_id",
                        columns: x => new { x.loop_id, x.plan_id },
                        principalSchema: "market",
                        principalTable: "instalment_plans",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_dispute_files_loop_id_dispute_id",
                schema: "market",
                table: "dispute_files",
                columns: new[] { "loop_id", "dispute_id" });

            migrationBuilder.CreateIndex(
                name: "ix_dispute_files_loop_id_submission_id",
                schema: "market",
                table: "dispute_files",
                columns: new[] { "loop_id", "submission_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_dispute_messages_loop_id_dispute_id",
                schema: "market",
                table: "dispute_messages",
                columns: new[] { "loop_id", "dispute_id" });

            migrationBuilder.CreateIndex(
                name: "ix_dispute_messages_loop_id_submission_id",
                schema: "market",
                table: "dispute_messages",
                columns: new[] { "loop_id", "submission_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_disputes_loop_id_batch_id",
                schema: "market",
                table: "disputes",
                columns: new[] { "loop_id", "batch_id" },
                filter: "batch_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_disputes_loop_id_member_id",
                schema: "market",
                table: "disputes",
                columns: new[] { "loop_id", "member_id" });

            migrationBuilder.CreateIndex(
                name: "ix_disputes_loop_id_state_answer_by",
                schema: "market",
                table: "disputes",
                columns: new[] { "loop_id", "state", "answer_by" });

            migrationBuilder.CreateIndex(
                name: "ix_disputes_loop_id_submission_id",
                schema: "market",
                table: "disputes",
                columns: new[] { "loop_id", "submission_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ux_disputes_open",
                schema: "market",
                table: "disputes",
                columns: new[] { "loop_id", "bill_id", "line" },
                unique: true,
                filter: "state = 1");

            migrationBuilder.CreateIndex(
                name: "ix_goodwill_credits_loop_id_bill_id",
                schema: "market",
                table: "goodwill_credits",
                columns: new[] { "loop_id", "bill_id" });

            migrationBuilder.CreateIndex(
                name: "ix_goodwill_credits_loop_id_member_id",
                schema: "market",
                table: "goodwill_credits",
                columns: new[] { "loop_id", "member_id" });

            migrationBuilder.CreateIndex(
                name: "ux_instalment_documents_running",
                schema: "market",
                table: "instalment_documents",
                columns: new[] { "loop_id", "bill_id" },
                unique: true,
                filter: "running");

            migrationBuilder.CreateIndex(
                name: "ix_instalment_plans_loop_id_member_id",
                schema: "market",
                table: "instalment_plans",
                columns: new[] { "loop_id", "member_id" });

            migrationBuilder.CreateIndex(
                name: "ix_instalment_plans_loop_id_submission_id",
                schema: "market",
                table: "instalment_plans",
                columns: new[] { "loop_id", "submission_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_reminders_loop_id_member_id",
                schema: "market",
                table: "reminders",
                columns: new[] { "loop_id", "member_id" });

            migrationBuilder.CreateIndex(
                name: "ux_reminders_level",
                schema: "market",
                table: "reminders",
                columns: new[] { "loop_id", "bill_id", "level" },
                unique: true);

            migrationBuilder.Sql(SqlScript.Read("Disputes.sql"));
        }
    }
}
