using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Marketplace.Migrations
{
    /// <inheritdoc />
    public partial class BillParties : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "bill_issuers",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    details = table.Column<string>(type: "jsonb", nullable: false),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_bill_issuers", x => x.loop_id);
                    table.ForeignKey(
                        name: "fk_bill_issuers_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "bill_parties",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    bill_id = table.Column<int>(type: "integer", nullable: false),
                    issuer = table.Column<string>(type: "jsonb", nullable: false),
                    recipient = table.Column<string>(type: "jsonb", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_bill_parties", x => new { x.loop_id, x.bill_id });
                    table.ForeignKey(
                        name: "fk_bill_parties_bills_loop_id_bill_id",
                        columns: x => new { x.loop_id, x.bill_id },
                        principalSchema: "market",
                        principalTable: "bills",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "bill_recipients",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    details = table.Column<string>(type: "jsonb", nullable: false),
                    set_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_bill_recipients", x => new { x.loop_id, x.member_id });
                    table.ForeignKey(
                        name: "fk_bill_recipients_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            // A document's parties are as final as the document.
            migrationBuilder.Sql("CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.bill_parties FOR EACH ROW EXECUTE FUNCTION market.refuse_change()");
            migrationBuilder.Sql("CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.bill_parties FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change()");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "bill_issuers",
                schema: "market");

            migrationBuilder.DropTable(
                name: "bill_parties",
                schema: "market");

            migrationBuilder.DropTable(
                name: "bill_recipients",
                schema: "market");
        }
    }
}
