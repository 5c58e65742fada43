using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Marketplace.Migrations
{
    /// <inheritdoc />
    public partial class Payments : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "bank_entry_id",
                schema: "market",
                table: "money_receipts",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "bill_id",
                schema: "market",
                table: "money_receipts",
                type: "integer",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "takes_back_id",
                schema: "market",
                table: "money_receipts",
                type: "bigint",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "account_statements",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<int>(type: "integer", nullable: false),
                    account = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    statement_id = table.Column<string>(type: "character varying(35)", maxLength: 35, nullable: false),
                    currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false),
                    opening_cents = table.Column<long>(type: "bigint", nullable: true),
                    closing_cents = table.Column<long>(type: "bigint", nullable: true),
                    movements = table.Column<int>(type: "integer", nullable: false),
                    sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    imported_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    imported_by = table.Column<Guid>(type: "uuid", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_account_statements", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_account_statements_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "bank_files",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<int>(type: "integer", nullable: false),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    submission_id = table.Column<Guid>(type: "uuid", nullable: false),
                    message_id = table.Column<string>(type: "character varying(35)", maxLength: 35, nullable: false),
                    made_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    made_by = table.Column<Guid>(type: "uuid", nullable: true),
                    execute_on = table.Column<DateOnly>(type: "date", nullable: false),
                    count = table.Column<int>(type: "integer", nullable: false),
                    sum_cents = table.Column<long>(type: "bigint", nullable: false),
                    content = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_bank_files", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_bank_files_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "payment_allocations",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    owed_kind = table.Column<short>(type: "smallint", nullable: false),
                    owed_id = table.Column<long>(type: "bigint", nullable: false),
                    credit_kind = table.Column<short>(type: "smallint", nullable: false),
                    credit_id = table.Column<long>(type: "bigint", nullable: false),
                    turn = table.Column<short>(type: "smallint", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    cents = table.Column<long>(type: "bigint", nullable: false),
                    made_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_payment_allocations", x => new { x.loop_id, x.owed_kind, x.owed_id, x.credit_kind, x.credit_id, x.turn });
                    table.CheckConstraint("payment_allocations_cents", "cents <> 0");
                    table.ForeignKey(
                        name: "fk_payment_allocations_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "bank_entries",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    statement_id = table.Column<int>(type: "integer", nullable: false),
                    key = table.Column<string>(type: "character varying(80)", maxLength: 80, nullable: false),
                    booked_on = table.Column<DateOnly>(type: "date", nullable: false),
                    cents = table.Column<long>(type: "bigint", nullable: false),
                    is_return = table.Column<bool>(type: "boolean", nullable: false),
                    return_reason = table.Column<string>(type: "character varying(35)", maxLength: 35, nullable: false),
                    end_to_end_id = table.Column<string>(type: "character varying(35)", maxLength: 35, nullable: false),
                    references = table.Column<string[]>(type: "text[]", nullable: false),
                    text = table.Column<string>(type: "character varying(1000)", maxLength: 1000, nullable: false),
                    party_name = table.Column<string>(type: "character varying(140)", maxLength: 140, nullable: false),
                    party_account = table.Column<string>(type: "character varying(34)", maxLength: 34, nullable: false),
                    state = table.Column<short>(type: "smallint", nullable: false),
                    reason = table.Column<string>(type: "character varying(300)", maxLength: 300, nullable: false),
                    suggested_member = table.Column<int>(type: "integer", nullable: true),
                    receipt_id = table.Column<long>(type: "bigint", nullable: true),
                    resolved_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    resolved_by = table.Column<Guid>(type: "uuid", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_bank_entries", x => new { x.loop_id, x.id });
                    table.CheckConstraint("bank_entries_cents", "cents <> 0");
                    table.ForeignKey(
                        name: "fk_bank_entries_account_statements_loop_id_statement_id",
                        columns: x => new { x.loop_id, x.statement_id },
                        principalSchema: "market",
                        principalTable: "account_statements",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "bank_payments",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    file_id = table.Column<int>(type: "integer", nullable: false),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    entry_kind = table.Column<short>(type: "smallint", nullable: false),
                    entry_id = table.Column<long>(type: "bigint", nullable: false),
                    bill_id = table.Column<int>(type: "integer", nullable: false),
                    end_to_end_id = table.Column<string>(type: "character varying(35)", maxLength: 35, nullable: false),
                    cents = table.Column<long>(type: "bigint", nullable: false),
                    state = table.Column<short>(type: "smallint", nullable: false),
                    state_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_bank_payments", x => new { x.loop_id, x.id });
                    table.CheckConstraint("bank_payments_cents", "cents > 0");
                    table.ForeignKey(
                        name: "fk_bank_payments_bank_files_loop_id_file_id",
                        columns: x => new { x.loop_id, x.file_id },
                        principalSchema: "market",
                        principalTable: "bank_files",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_bank_payments_bills_loop_id_bill_id",
                        columns: x => new { x.loop_id, x.bill_id },
                        principalSchema: "market",
                        principalTable: "bills",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_money_receipts_loop_id_bank_entry_id",
                schema: "market",
                table: "money_receipts",
                columns: new[] { "loop_id", "bank_entry_id" });

            migrationBuilder.CreateIndex(
                name: "ix_money_receipts_loop_id_bill_id",
                schema: "market",
                table: "money_receipts",
                columns: new[] { "loop_id", "bill_id" });

            migrationBuilder.CreateIndex(
                name: "ux_money_receipts_takes_back",
                schema: "market",
                table: "money_receipts",
                columns: new[] { "loop_id", "takes_back_id" },
                unique: true,
                filter: "takes_back_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_account_statements_loop_id_account_statement_id",
                schema: "market",
                table: "account_statements",
                columns: new[] { "loop_id", "account", "statement_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_bank_entries_loop_id_statement_id_key",
                schema: "market",
                table: "bank_entries",
                columns: new[] { "loop_id", "statement_id", "key" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_bank_entries_waiting",
                schema: "market",
                table: "bank_entries",
                columns: new[] { "loop_id", "id" },
                filter: "state = 2");

            migrationBuilder.CreateIndex(
                name: "ux_bank_entries_receipt",
                schema: "market",
                table: "bank_entries",
                columns: new[] { "loop_id", "receipt_id" },
                unique: true,
                filter: "receipt_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_bank_files_loop_id_message_id",
                schema: "market",
                table: "bank_files",
                columns: new[] { "loop_id", "message_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_bank_files_loop_id_submission_id",
                schema: "market",
                table: "bank_files",
                columns: new[] { "loop_id", "submission_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_bank_payments_loop_id_bill_id",
                schema: "market",
                table: "bank_payments",
                columns: new[] { "loop_id", "bill_id" });

            migrationBuilder.CreateIndex(
                name: "ix_bank_payments_loop_id_end_to_end_id",
                schema: "market",
                table: "bank_payments",
                columns: new[] { "loop_id", "end_to_end_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_bank_payments_loop_id_file_id",
                schema: "market",
                table: "bank_payments",
                columns: new[] { "loop_id", "file_id" });

            migrationBuilder.CreateIndex(
                name: "ix_bank_payments_loop_id_member_id",
                schema: "market",
                table: "bank_payments",
                columns: new[] { "loop_id", "member_id" });

            migrationBuilder.CreateIndex(
                name: "ux_bank_payments_in_file",
                schema: "market",
                table: "bank_payments",
                columns: new[] { "loop_id", "entry_kind", "entry_id" },
                unique: true,
                filter: "state = 1");

            migrationBuilder.CreateIndex(
                name: "ix_payment_allocations_loop_id_credit_kind_credit_id",
                schema: "market",
                table: "payment_allocations",
                columns: new[] { "loop_id", "credit_kind", "credit_id" });

            migrationBuilder.CreateIndex(
                name: "ix_payment_allocations_loop_id_member_id",
                schema: "market",
                table: "payment_allocations",
                columns: new[] { "loop_id", "member_id" });

            migrationBuilder.AddForeignKey(
                name: "fk_money_receipts_bills_loop_id_bill_id",
                schema: "market",
                table: "money_receipts",
                columns: new[] { "loop_id", "bill_id" },
                principalSchema: "market",
                principalTable: "bills",
                principalColumns: new[] { "loop_id", "id" });

            migrationBuilder.Sql(SqlScript.Read("Payments.sql"));
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                DROP INDEX market.ix_transfers_debit_named;
                DROP INDEX market.ix_transfers_credit_named;
                DROP INDEX market.ix_bills_payment_reference;
                DROP INDEX market.ix_bills_member;
                DROP INDEX market.ix_bill_recipients_iban;
                DROP FUNCTION market.payment_reference_body(text);
                """);
            migrationBuilder.DropForeignKey(
                name: "fk_money_receipts_bills_loop_id_bill_id",
                schema: "market",
                table: "money_receipts");

            migrationBuilder.DropTable(
                name: "bank_entries",
                schema: "market");

            migrationBuilder.DropTable(
                name: "bank_payments",
                schema: "market");

            migrationBuilder.DropTable(
                name: "payment_allocations",
                schema: "market");

            migrationBuilder.DropTable(
                name: "account_statements",
                schema: "market");

            migrationBuilder.DropTable(
                name: "bank_files",
                schema: "market");

            migrationBuilder.DropIndex(
                name: "ix_money_receipts_loop_id_bank_entry_id",
                schema: "market",
                table: "money_receipts");

            migrationBuilder.DropIndex(
                name: "ix_money_receipts_loop_id_bill_id",
                schema: "market",
                table: "money_receipts");

            migrationBuilder.DropIndex(
                name: "ux_money_receipts_takes_back",
                schema: "market",
                table: "money_receipts");

            migrationBuilder.DropColumn(
                name: "bank_entry_id",
                schema: "market",
                table: "money_receipts");

            migrationBuilder.DropColumn(
                name: "bill_id",
                schema: "market",
                table: "money_receipts");

            migrationBuilder.DropColumn(
                name: "takes_back_id",
                schema: "market",
                table: "money_receipts");
        }
    }
}
