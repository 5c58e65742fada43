using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Marketplace.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class Market : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "market");

            migrationBuilder.CreateTable(
                name: "acceptances",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    position = table.Column<int>(type: "integer", nullable: false),
                    accepted = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_acceptances", x => new { x.loop_id, x.hour, x.position });
                });

            migrationBuilder.CreateTable(
                name: "accounts",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<int>(type: "integer", nullable: false),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_accounts", x => new { x.loop_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "balances",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    bought = table.Column<long>(type: "bigint", nullable: false),
                    sold = table.Column<long>(type: "bigint", nullable: false),
                    converted_in = table.Column<long>(type: "bigint", nullable: false),
                    converted_out = table.Column<long>(type: "bigint", nullable: false),
                    shortfall = table.Column<long>(type: "bigint", nullable: false),
                    surplus = table.Column<long>(type: "bigint", nullable: false),
                    lost = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_balances", x => new { x.loop_id, x.hour, x.carrier });
                });

            migrationBuilder.CreateTable(
                name: "book_orders",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    position = table.Column<int>(type: "integer", nullable: false),
                    public_id = table.Column<string>(type: "text", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    side = table.Column<short>(type: "smallint", nullable: false),
                    quantity = table.Column<long>(type: "bigint", nullable: false),
                    limit = table.Column<long>(type: "bigint", nullable: false),
                    source = table.Column<short>(type: "smallint", nullable: false),
                    order_id = table.Column<long>(type: "bigint", nullable: true),
                    plant_code = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_book_orders", x => new { x.loop_id, x.hour, x.position });
                });

            migrationBuilder.CreateTable(
                name: "books",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    json = table.Column<byte[]>(type: "bytea", nullable: false),
                    canonical = table.Column<byte[]>(type: "bytea", nullable: false),
                    orders = table.Column<int>(type: "integer", nullable: false),
                    batch_id = table.Column<long>(type: "bigint", nullable: false),
                    batch_position = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_books", x => new { x.loop_id, x.hour });
                });

            migrationBuilder.CreateTable(
                name: "converter_runs",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    plant_code = table.Column<string>(type: "text", nullable: false),
                    activity = table.Column<long>(type: "bigint", nullable: false),
                    heat = table.Column<long>(type: "bigint", nullable: false),
                    cold = table.Column<long>(type: "bigint", nullable: false),
                    electricity = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_converter_runs", x => new { x.loop_id, x.hour, x.plant_code });
                });

            migrationBuilder.CreateTable(
                name: "hour_failures",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    step = table.Column<short>(type: "smallint", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_hour_failures", x => new { x.loop_id, x.hour, x.step });
                });

            migrationBuilder.CreateTable(
                name: "loops",
                schema: "market",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    slug = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    currency = table.Column<string>(type: "text", nullable: false),
                    time_zone = table.Column<string>(type: "text", nullable: false),
                    gate_closure_minutes = table.Column<int>(type: "integer", nullable: false),
                    seed = table.Column<byte[]>(type: "bytea", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_loops", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "operator_actions",
                schema: "market",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    account_id = table.Column<Guid>(type: "uuid", nullable: true),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    action = table.Column<string>(type: "text", nullable: false),
                    subject = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_operator_actions", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "people",
                schema: "market",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    display_name = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    user_name = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: true),
                    normalized_user_name = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: true),
                    email = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: true),
                    normalized_email = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: true),
                    email_confirmed = table.Column<bool>(type: "boolean", nullable: false),
                    password_hash = table.Column<string>(type: "text", nullable: true),
                    security_stamp = table.Column<string>(type: "text", nullable: true),
                    concurrency_stamp = table.Column<string>(type: "text", nullable: true),
                    phone_number = table.Column<string>(type: "text", nullable: true),
                    phone_number_confirmed = table.Column<bool>(type: "boolean", nullable: false),
                    two_factor_enabled = table.Column<bool>(type: "boolean", nullable: false),
                    lockout_end = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    lockout_enabled = table.Column<bool>(type: "boolean", nullable: false),
                    access_failed_count = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_people", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "positions",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    direction = table.Column<short>(type: "smallint", nullable: false),
                    plant_code = table.Column<string>(type: "text", nullable: false),
                    traded = table.Column<long>(type: "bigint", nullable: false),
                    metered = table.Column<long>(type: "bigint", nullable: false),
                    price = table.Column<long>(type: "bigint", nullable: true),
                    traded_amount = table.Column<long>(type: "bigint", nullable: false),
                    imbalance_price = table.Column<long>(type: "bigint", nullable: true),
                    imbalance_amount = table.Column<long>(type: "bigint", nullable: false),
                    network_fee = table.Column<long>(type: "bigint", nullable: false),
                    estimated = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_positions", x => new { x.loop_id, x.member_id, x.hour, x.carrier, x.direction, x.plant_code });
                });

            migrationBuilder.CreateTable(
                name: "prices",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    price = table.Column<long>(type: "bigint", nullable: true),
                    lowest = table.Column<long>(type: "bigint", nullable: true),
                    highest = table.Column<long>(type: "bigint", nullable: true),
                    traded = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_prices", x => new { x.loop_id, x.hour, x.carrier });
                });

            migrationBuilder.CreateTable(
                name: "results",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    json = table.Column<byte[]>(type: "bytea", nullable: false),
                    canonical = table.Column<byte[]>(type: "bytea", nullable: false),
                    welfare = table.Column<long>(type: "bigint", nullable: false),
                    batch_id = table.Column<long>(type: "bigint", nullable: false),
                    batch_position = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_results", x => new { x.loop_id, x.hour });
                });

            migrationBuilder.CreateTable(
                name: "settlements",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    canonical = table.Column<byte[]>(type: "bytea", nullable: false),
                    batch_id = table.Column<long>(type: "bigint", nullable: false),
                    batch_position = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_settlements", x => new { x.loop_id, x.hour });
                });

            migrationBuilder.CreateTable(
                name: "store_levels",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    plant_code = table.Column<string>(type: "text", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    charged = table.Column<long>(type: "bigint", nullable: false),
                    discharged = table.Column<long>(type: "bigint", nullable: false),
                    lost = table.Column<long>(type: "bigint", nullable: false),
                    level = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_store_levels", x => new { x.loop_id, x.plant_code, x.hour });
                });

            migrationBuilder.CreateTable(
                name: "transfers",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    debit_account = table.Column<int>(type: "integer", nullable: false),
                    credit_account = table.Column<int>(type: "integer", nullable: false),
                    reference = table.Column<long>(type: "bigint", nullable: false),
                    amount = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_transfers", x => new { x.loop_id, x.hour, x.kind, x.carrier, x.debit_account, x.credit_account, x.reference });
                    table.CheckConstraint("transfers_amount_positive", "amount > 0");
                });

            migrationBuilder.CreateTable(
                name: "conditions",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    air_temp_c = table.Column<decimal>(type: "numeric(6,2)", precision: 6, scale: 2, nullable: false),
                    ghi_wm2 = table.Column<decimal>(type: "numeric(7,1)", precision: 7, scale: 1, nullable: false),
                    import_price = table.Column<long>(type: "bigint", nullable: false),
                    carbon_grams_per_k_wh = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_conditions", x => new { x.loop_id, x.hour });
                    table.ForeignKey(
                        name: "fk_conditions_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "hour_steps",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    step = table.Column<short>(type: "smallint", nullable: false),
                    done_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_hour_steps", x => new { x.loop_id, x.step, x.hour });
                    table.ForeignKey(
                        name: "fk_hour_steps_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "market_clocks",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    market_anchor = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    real_anchor = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    rate = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_market_clocks", x => x.loop_id);
                    table.ForeignKey(
                        name: "fk_market_clocks_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "members",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<int>(type: "integer", nullable: false),
                    key = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    attributes = table.Column<string>(type: "jsonb", nullable: true),
                    joined_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_members", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_members_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "tariffs",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    valid_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    default_limit_margin = table.Column<long>(type: "bigint", nullable: false),
                    feed_in = table.Column<long>(type: "bigint", nullable: false),
                    balancing_heat = table.Column<long>(type: "bigint", nullable: false),
                    balancing_cold = table.Column<long>(type: "bigint", nullable: false),
                    network_fee_heat = table.Column<long>(type: "bigint", nullable: false),
                    network_fee_cold = table.Column<long>(type: "bigint", nullable: false),
                    network_fee_electricity = table.Column<long>(type: "bigint", nullable: false),
                    standing_charge_per_day = table.Column<long>(type: "bigint", nullable: false),
                    vat_basis_points = table.Column<int>(type: "integer", nullable: false),
                    payment_days = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_tariffs", x => new { x.loop_id, x.version });
                    table.ForeignKey(
                        name: "fk_tariffs_loops_loop_id",
                        column: x => x.loop_id,
                        principalSchema: "market",
                        principalTable: "loops",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "asp_net_user_claims",
                schema: "market",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    claim_type = table.Column<string>(type: "text", nullable: true),
                    claim_value = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_asp_net_user_claims", x => x.id);
                    table.ForeignKey(
                        name: "fk_asp_net_user_claims_people_user_id",
                        column: x => x.user_id,
                        principalSchema: "market",
                        principalTable: "people",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "asp_net_user_logins",
                schema: "market",
                columns: table => new
                {
                    login_provider = table.Column<string>(type: "text", nullable: false),
                    provider_key = table.Column<string>(type: "text", nullable: false),
                    provider_display_name = table.Column<string>(type: "text", nullable: true),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_asp_net_user_logins", x => new { x.login_provider, x.provider_key });
                    table.ForeignKey(
                        name: "fk_asp_net_user_logins_people_user_id",
                        column: x => x.user_id,
                        principalSchema: "market",
                        principalTable: "people",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "asp_net_user_tokens",
                schema: "market",
                columns: table => new
                {
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    login_provider = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    value = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_asp_net_user_tokens", x => new { x.user_id, x.login_provider, x.name });
                    table.ForeignKey(
                        name: "fk_asp_net_user_tokens_people_user_id",
                        column: x => x.user_id,
                        principalSchema: "market",
                        principalTable: "people",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "sign_ins",
                schema: "market",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    account_id = table.Column<Guid>(type: "uuid", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    method = table.Column<string>(type: "text", nullable: false),
                    succeeded = table.Column<bool>(type: "boolean", nullable: false),
                    from = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sign_ins", x => x.id);
                    table.ForeignKey(
                        name: "fk_sign_ins_people_account_id",
                        column: x => x.account_id,
                        principalSchema: "market",
                        principalTable: "people",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "bills",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<int>(type: "integer", nullable: false),
                    number = table.Column<string>(type: "text", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    role = table.Column<short>(type: "smallint", nullable: false),
                    period_start = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    period_end = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    issued_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    due_on = table.Column<DateOnly>(type: "date", nullable: false),
                    tariff_version = table.Column<int>(type: "integer", nullable: false),
                    net_cents = table.Column<long>(type: "bigint", nullable: false),
                    vat_cents = table.Column<long>(type: "bigint", nullable: false),
                    total_cents = table.Column<long>(type: "bigint", nullable: false),
                    canonical = table.Column<byte[]>(type: "bytea", nullable: false),
                    batch_id = table.Column<long>(type: "bigint", nullable: false),
                    batch_position = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_bills", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_bills_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "invitations",
                schema: "market",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    email = table.Column<string>(type: "text", nullable: false),
                    token_hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    accepted_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    revoked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_invitations", x => x.id);
                    table.ForeignKey(
                        name: "fk_invitations_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "member_roles",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    role = table.Column<short>(type: "smallint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_member_roles", x => new { x.loop_id, x.member_id, x.role });
                    table.ForeignKey(
                        name: "fk_member_roles_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "memberships",
                schema: "market",
                columns: table => new
                {
                    account_id = table.Column<Guid>(type: "uuid", nullable: false),
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_memberships", x => new { x.account_id, x.loop_id, x.member_id });
                    table.ForeignKey(
                        name: "fk_memberships_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_memberships_people_account_id",
                        column: x => x.account_id,
                        principalSchema: "market",
                        principalTable: "people",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "meters",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<int>(type: "integer", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    direction = table.Column<short>(type: "smallint", nullable: false),
                    code = table.Column<string>(type: "text", nullable: false),
                    in_service_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    in_service_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_meters", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_meters_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "orders",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    submission_id = table.Column<Guid>(type: "uuid", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    side = table.Column<short>(type: "smallint", nullable: false),
                    quantity = table.Column<long>(type: "bigint", nullable: false),
                    limit = table.Column<long>(type: "bigint", nullable: false),
                    placed_by = table.Column<Guid>(type: "uuid", nullable: true),
                    placed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    withdrawn_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_orders", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_orders_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "plants",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    code = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    owner_id = table.Column<int>(type: "integer", nullable: false),
                    definition = table.Column<string>(type: "jsonb", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_plants", x => new { x.loop_id, x.code });
                    table.ForeignKey(
                        name: "fk_plants_members_loop_id_owner_id",
                        columns: x => new { x.loop_id, x.owner_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "standing_orders",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    side = table.Column<short>(type: "smallint", nullable: false),
                    quantity = table.Column<long>(type: "bigint", nullable: true),
                    limit = table.Column<long>(type: "bigint", nullable: false),
                    placed_by = table.Column<Guid>(type: "uuid", nullable: true),
                    placed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ended_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_standing_orders", x => new { x.loop_id, x.id });
                    table.ForeignKey(
                        name: "fk_standing_orders_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "bill_lines",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    bill_id = table.Column<int>(type: "integer", nullable: false),
                    line = table.Column<short>(type: "smallint", nullable: false),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    carrier = table.Column<short>(type: "smallint", nullable: false),
                    plant_code = table.Column<string>(type: "text", nullable: true),
                    quantity = table.Column<long>(type: "bigint", nullable: false),
                    amount = table.Column<long>(type: "bigint", nullable: false),
                    amount_cents = table.Column<long>(type: "bigint", nullable: false),
                    vat_basis_points = table.Column<int>(type: "integer", nullable: false),
                    trace = table.Column<string>(type: "jsonb", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_bill_lines", x => new { x.loop_id, x.bill_id, x.line });
                    table.ForeignKey(
                        name: "fk_bill_lines_bills_loop_id_bill_id",
                        columns: x => new { x.loop_id, x.bill_id },
                        principalSchema: "market",
                        principalTable: "bills",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "plant_shares",
                schema: "market",
                columns: table => new
                {
                    loop_id = table.Column<int>(type: "integer", nullable: false),
                    plant_code = table.Column<string>(type: "text", nullable: false),
                    member_id = table.Column<int>(type: "integer", nullable: false),
                    share_millionths = table.Column<int>(type: "integer", nullable: false),
                    invested = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_plant_shares", x => new { x.loop_id, x.plant_code, x.member_id });
                    table.ForeignKey(
                        name: "fk_plant_shares_members_loop_id_member_id",
                        columns: x => new { x.loop_id, x.member_id },
                        principalSchema: "market",
                        principalTable: "members",
                        principalColumns: new[] { "loop_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_plant_shares_plants_loop_id_plant_code",
                        columns: x => new { x.loop_id, x.plant_code },
                        principalSchema: "market",
                        principalTable: "plants",
                        principalColumns: new[] { "loop_id", "code" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_accounts_loop_id_kind_member_id",
                schema: "market",
                table: "accounts",
                columns: new[] { "loop_id", "kind", "member_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_asp_net_user_claims_user_id",
                schema: "market",
                table: "asp_net_user_claims",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_asp_net_user_logins_user_id",
                schema: "market",
                table: "asp_net_user_logins",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_bills_loop_id_member_id_role_period_start",
                schema: "market",
                table: "bills",
                columns: new[] { "loop_id", "member_id", "role", "period_start" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_bills_loop_id_number",
                schema: "market",
                table: "bills",
                columns: new[] { "loop_id", "number" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_book_orders_loop_id_member_id_hour",
                schema: "market",
                table: "book_orders",
                columns: new[] { "loop_id", "member_id", "hour" });

            migrationBuilder.CreateIndex(
                name: "ix_invitations_loop_id",
                schema: "market",
                table: "invitations",
                column: "loop_id");

            migrationBuilder.CreateIndex(
                name: "ix_invitations_loop_id_member_id",
                schema: "market",
                table: "invitations",
                columns: new[] { "loop_id", "member_id" });

            migrationBuilder.CreateIndex(
                name: "ix_invitations_token_hash",
                schema: "market",
                table: "invitations",
                column: "token_hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_loops_slug",
                schema: "market",
                table: "loops",
                column: "slug",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_members_loop_id_key",
                schema: "market",
                table: "members",
                columns: new[] { "loop_id", "key" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_memberships_loop_id_member_id",
                schema: "market",
                table: "memberships",
                columns: new[] { "loop_id", "member_id" });

            migrationBuilder.CreateIndex(
                name: "ix_meters_loop_id_code",
                schema: "market",
                table: "meters",
                columns: new[] { "loop_id", "code" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_meters_loop_id_member_id",
                schema: "market",
                table: "meters",
                columns: new[] { "loop_id", "member_id" });

            migrationBuilder.CreateIndex(
                name: "ix_operator_actions_loop_id_at",
                schema: "market",
                table: "operator_actions",
                columns: new[] { "loop_id", "at" });

            migrationBuilder.CreateIndex(
                name: "ix_orders_loop_id_hour",
                schema: "market",
                table: "orders",
                columns: new[] { "loop_id", "hour" });

            migrationBuilder.CreateIndex(
                name: "ix_orders_loop_id_member_id_hour",
                schema: "market",
                table: "orders",
                columns: new[] { "loop_id", "member_id", "hour" });

            migrationBuilder.CreateIndex(
                name: "ix_orders_loop_id_submission_id",
                schema: "market",
                table: "orders",
                columns: new[] { "loop_id", "submission_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "email_index",
                schema: "market",
                table: "people",
                column: "normalized_email");

            migrationBuilder.CreateIndex(
                name: "user_name_index",
                schema: "market",
                table: "people",
                column: "normalized_user_name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_plant_shares_loop_id_member_id",
                schema: "market",
                table: "plant_shares",
                columns: new[] { "loop_id", "member_id" });

            migrationBuilder.CreateIndex(
                name: "ix_plants_loop_id_owner_id",
                schema: "market",
                table: "plants",
                columns: new[] { "loop_id", "owner_id" });

            migrationBuilder.CreateIndex(
                name: "ix_positions_loop_id_hour",
                schema: "market",
                table: "positions",
                columns: new[] { "loop_id", "hour" });

            migrationBuilder.CreateIndex(
                name: "ix_sign_ins_account_id_at",
                schema: "market",
                table: "sign_ins",
                columns: new[] { "account_id", "at" });

            migrationBuilder.CreateIndex(
                name: "ix_standing_orders_loop_id_member_id_carrier_side",
                schema: "market",
                table: "standing_orders",
                columns: new[] { "loop_id", "member_id", "carrier", "side" },
                unique: true,
                filter: "ended_at IS NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "acceptances",
                schema: "market");

            migrationBuilder.DropTable(
                name: "accounts",
                schema: "market");

            migrationBuilder.DropTable(
                name: "asp_net_user_claims",
                schema: "market");

            migrationBuilder.DropTable(
                name: "asp_net_user_logins",
                schema: "market");

            migrationBuilder.DropTable(
                name: "asp_net_user_tokens",
                schema: "market");

            migrationBuilder.DropTable(
                name: "balances",
                schema: "market");

            migrationBuilder.DropTable(
                name: "bill_lines",
                schema: "market");

            migrationBuilder.DropTable(
                name: "book_orders",
                schema: "market");

            migrationBuilder.DropTable(
                name: "books",
                schema: "market");

            migrationBuilder.DropTable(
                name: "conditions",
                schema: "market");

            migrationBuilder.DropTable(
                name: "converter_runs",
                schema: "market");

            migrationBuilder.DropTable(
                name: "hour_failures",
                schema: "market");

            migrationBuilder.DropTable(
                name: "hour_steps",
                schema: "market");

            migrationBuilder.DropTable(
                name: "invitations",
                schema: "market");

            migrationBuilder.DropTable(
                name: "market_clocks",
                schema: "market");

            migrationBuilder.DropTable(
                name: "member_roles",
                schema: "market");

            migrationBuilder.DropTable(
                name: "memberships",
                schema: "market");

            migrationBuilder.DropTable(
                name: "meters",
                schema: "market");

            migrationBuilder.DropTable(
                name: "operator_actions",
                schema: "market");

            migrationBuilder.DropTable(
                name: "orders",
                schema: "market");

            migrationBuilder.DropTable(
                name: "plant_shares",
                schema: "market");

            migrationBuilder.DropTable(
                name: "positions",
                schema: "market");

            migrationBuilder.DropTable(
                name: "prices",
                schema: "market");

            migrationBuilder.DropTable(
                name: "results",
                schema: "market");

            migrationBuilder.DropTable(
                name: "settlements",
                schema: "market");

            migrationBuilder.DropTable(
                name: "sign_ins",
                schema: "market");

            migrationBuilder.DropTable(
                name: "standing_orders",
                schema: "market");

            migrationBuilder.DropTable(
                name: "store_levels",
                schema: "market");

            migrationBuilder.DropTable(
                name: "tariffs",
                schema: "market");

            migrationBuilder.DropTable(
                name: "transfers",
                schema: "market");

            migrationBuilder.DropTable(
                name: "bills",
                schema: "market");

            migrationBuilder.DropTable(
                name: "plants",
                schema: "market");

            migrationBuilder.DropTable(
                name: "people",
                schema: "market");

            migrationBuilder.DropTable(
                name: "members",
                schema: "market");

            migrationBuilder.DropTable(
                name: "loops",
                schema: "market");
        }
    }
}
