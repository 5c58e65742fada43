using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Marketplace.Migrations
{
    /// <inheritdoc />
    public partial class LoopTimes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // The scheduler keeps its own bookkeeping there; it is no evidence of anything.
            migrationBuilder.EnsureSchema("quartz");

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "ends_at",
                schema: "market",
                table: "loops",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "first_hour",
                schema: "market",
                table: "loops",
                type: "timestamp with time zone",
                nullable: false,
                defaultValue: new DateTimeOffset(new DateTime(1, 1, 1, 0, 0, 0, 0, DateTimeKind.Unspecified), new TimeSpan(0, 0, 0, 0, 0)));

            migrationBuilder.AddColumn<int>(
                name: "settlement_delay_minutes",
                schema: "market",
                table: "loops",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<byte[]>(
                name: "salt",
                schema: "market",
                table: "book_orders",
                type: "bytea",
                nullable: false,
                defaultValue: new byte[0]);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "ends_at",
                schema: "market",
                table: "loops");

            migrationBuilder.DropColumn(
                name: "first_hour",
                schema: "market",
                table: "loops");

            migrationBuilder.DropColumn(
                name: "settlement_delay_minutes",
                schema: "market",
                table: "loops");

            migrationBuilder.DropColumn(
                name: "salt",
                schema: "market",
                table: "book_orders");
        }
    }
}
