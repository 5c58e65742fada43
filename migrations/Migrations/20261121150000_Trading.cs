using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Marketplace.Migrations
{
    /// <inheritdoc />
    public partial class Trading : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_standing_orders_loop_id_member_id_carrier_side",
                schema: "market",
                table: "standing_orders");

            migrationBuilder.AddColumn<string>(
                name: "plant_code",
                schema: "market",
                table: "standing_orders",
                type: "text",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<long>(
                name: "template_id",
                schema: "market",
                table: "standing_orders",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "capacity_watts",
                schema: "market",
                table: "meters",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "default_credit_limit",
                schema: "market",
                table: "loops",
                type: "bigint",
                nullable: false,
                defaultValue: 50000000000L);

            migrationBuilder.CreateTable(
                name: "api_key_events",
                schema: "market",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    account_id = table.Column<Guid>(type: "uuid", nullable: false),
                    key_id = table.Column<Guid>(type: "uuid", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    kind = table.Column<short>(type: "smallint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_api_key_events", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "api_keys",
                schema: "market",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    account_id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "character varying(60)", maxLength: 60, nullable: false),
                    hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    beginning = table.Column<string>(type: "character varying(12)", maxLength: 12, nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    last_used_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    revoked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_api_keys", x => x.id);
                    table.ForeignKey(
                        name: "fk_api_keys_people_account_id",
                        column: x => x.account_id,
                        principalSchema: "market",
                        principalTable: "people",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "member_credits",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    limit = table.Column<long>(type: "bigint", nullable: false),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_member_credits", x => new { x.loop_id, x.member_id });
                    table.ForeignKey(
                        name: "fk_member_credits_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "money_receipts",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    submission_id = table.Column<Guid>(type: "uuid", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    amount = table.Column<long>(type: "bigint", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    recorded_by = table.Column<Guid>(type: "uuid", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_money_receipts", x => new { x.loop_id, x.id });
                    table.CheckConstraint("money_receipts_amount_positive", "amount > 0");
                    table.ForeignKey(
                        name: "fk_money_receipts_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "order_templates",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    name = table.Column<string>(type: "character varying(60)", maxLength: 60, nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    side = table.Column<short>(type: "smallint", nullable: false),
                    plant_code = table.Column<string>(type: "text", nullable: false),
                    changed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_order_templates", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_order_templates_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "order_uploads",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    file_sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    file_name = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    content = table.Column<byte[]>(type: "bytea", nullable: true),
                    sent_by = table.Column<Guid>(type: "uuid", nullable: true),
                    sent_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    done_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    rows = table.Column<int>(type: "integer", nullable: false),
                    rows_done = table.Column<int>(type: "integer", nullable: false),
                    placed = table.Column<int>(type: "integer", nullable: false),
                    already_there = table.Column<int>(type: "integer", nullable: false),
                    refused = table.Column<int>(type: "integer", nullable: false),
                    failure = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_order_uploads", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_order_uploads_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "api_key_scopes",
                schema: "market",
                columns: table => new
                {
                    key_id = table.Column<Guid>(type: "uuid", nullable: false),
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    may_trade = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_api_key_scopes", x => new { x.key_id, x.loop_id });
                    table.ForeignKey(
                        name: "fk_api_key_scopes_api_keys_key_id",
                        column: x => x.key_id,
                        principalSchema: "market",
                        principalTable: "api_keys",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_api_key_scopes_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "order_template_hours",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    template_id = table.Column<long>(type: "bigint", nullable: false),
                    hour_of_day = table.Column<short>(type: "smallint", nullable: false),
                    quantity = table.Column<long>(type: "bigint", nullable: false),
                    limit = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_order_template_hours", x => new { x.loop_id, x.template_id, x.hour_of_day });
                    table.ForeignKey(
                        name: "fk_order_template_hours_order_templates_loop_id_template_id",
                        columns: x => new { x.loop_id, x.template_id },
                        principalSchema: "market",
                        principalTable: "order_templates",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "order_upload_refusals",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    upload_id = table.Column<long>(type: "bigint", nullable: false),
                    line = table.Column<int>(type: "integer", nullable: false),
                    row = table.Column<string>(type: "text", nullable: false),
                    field = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_order_upload_refusals", x => new { x.loop_id, x.upload_id, x.line });
                    table.ForeignKey(
                        name: "fk_order_upload_refusals_order_uploads_loop_id_upload_id",
                        columns: x => new { x.loop_id, x.upload_id },
                        principalSchema: "market",
                        principalTable: "order_uploads",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_standing_orders_loop_id_member_id_carrier_side_plant_code",
                schema: "market",
                table: "standing_orders",
                columns: new[] { "loop_id", "member_id", "carrier", "side", "plant_code" },
                unique: true,
                filter: "ended_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_standing_orders_loop_id_template_id",
                schema: "market",
                table: "standing_orders",
                columns: new[] { "loop_id", "template_id" });

            migrationBuilder.CreateIndex(
                name: "ix_api_key_events_account_id_at",
                schema: "market",
                table: "api_key_events",
                columns: new[] { "account_id", "at" });

            migrationBuilder.CreateIndex(
                name: "ix_api_key_scopes_loop_id",
                schema: "market",
                table: "api_key_scopes",
                column: "loop_id");

            migrationBuilder.CreateIndex(
                name: "ix_api_keys_account_id",
                schema: "market",
                table: "api_keys",
                column: "account_id");

            migrationBuilder.CreateIndex(
                name: "ix_api_keys_hash",
                schema: "market",
                table: "api_keys",
                column: "hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_money_receipts_loop_id_member_id",
                schema: "market",
                table: "money_receipts",
                columns: new[] { "loop_id", "member_id" });

            migrationBuilder.CreateIndex(
                name: "ix_money_receipts_loop_id_submission_id",
                schema: "market",
                table: "money_receipts",
                columns: new[] { "loop_id", "submission_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_order_templates_loop_id_member_id_name",
                schema: "market",
                table: "order_templates",
                columns: new[] { "loop_id", "member_id", "name" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_order_uploads_loop_id_member_id_id",
                schema: "market",
                table: "order_uploads",
                columns: new[] { "loop_id", "member_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_order_uploads_sent_at",
                schema: "market",
                table: "order_uploads",
                column: "sent_at",
                filter: "done_at IS NULL");

            migrationBuilder.AddForeignKey(
                name: "fk_standing_orders_order_templates_loop_id_template_id",
                schema: "market",
                table: "standing_orders",
                columns: new[] { "loop_id", "template_id" },
                principalSchema: "market",
                principalTable: "order_templates",
                principalColumns: new[] { "loop_id", "id" },
                onDelete: ReferentialAction.Restrict);

            // Money that came in and what was done with keys are evidence.
            foreach (var table in new[] { "money_receipts", "api_key_events" })
            {
                migrationBuilder.Sql($"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.{table} FOR EACH ROW EXECUTE FUNCTION market.refuse_change()");
                migrationBuilder.Sql($"CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.{table} FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change()");
            }
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropForeignKey(
                name: "fk_standing_orders_order_templates_loop_id_template_id",
                schema: "market",
                table: "standing_orders");

            migrationBuilder.DropTable(
                name: "api_key_events",
                schema: "market");

            migrationBuilder.DropTable(
                name: "api_key_scopes",
                schema: "market");

            migrationBuilder.DropTable(
                name: "member_credits",
                schema: "market");

            migrationBuilder.DropTable(
                name: "money_receipts",
                schema: "market");

            migrationBuilder.DropTable(
                name: "order_template_hours",
                schema: "market");

            migrationBuilder.DropTable(
                name: "order_upload_refusals",
                schema: "market");

            migrationBuilder.DropTable(
                name: "api_keys",
                schema: "market");

            migrationBuilder.DropTable(
                name: "order_templates",
                schema: "market");

            migrationBuilder.DropTable(
                name: "order_uploads",
                schema: "market");

            migrationBuilder.DropIndex(
                name: "ix_standing_orders_loop_id_member_id_carrier_side_plant_code",
                schema: "market",
                table: "standing_orders");

            migrationBuilder.DropIndex(
                name: "ix_standing_orders_loop_id_template_id",
                schema: "market",
                table: "standing_orders");

            migrationBuilder.DropColumn(
                name: "plant_code",
                schema: "market",
                table: "standing_orders");

            migrationBuilder.DropColumn(
                name: "template_id",
                schema: "market",
                table: "standing_orders");

            migrationBuilder.DropColumn(
                name: "capacity_watts",
                schema: "market",
                table: "meters");

            migrationBuilder.DropColumn(
                name: "default_credit_limit",
                schema: "market",
                table: "loops");

            migrationBuilder.CreateIndex(
                name: "ix_standing_orders_loop_id_member_id_carrier_side",
                schema: "market",
                table: "standing_orders",
                columns: new[] { "loop_id", "member_id", "carrier", "side" },
                unique: true,
                filter: "ended_at IS NULL");
        }
    }
}
