namespace Marketplace.Web.Features.Privacy;

/// <summary>A table of personal data as a person gets it.</summary>
/// <param name="Name">The file's name, without its ending.</param>
/// <param name="Sql">Its rows, of the loop $1 and the member $2, or of the account $2; in an order that stays. Columns of bytes, and columns that
/// name who of the staff did something, are left out.</param>
public sealed record PersonalTable(string Name, string Sql)
{
    /// <summary>The columns are those of one table of the schema, picked by its key.</summary>
    public static PersonalTable OfMember(string table, string order) =>
        new(table, $"SELECT * FROM market.{table} WHERE loop_id = $1 AND member_id = $2 ORDER BY {order}");

    public static PersonalTable OfMeters(string table, string order) =>
        new(table, $"SELECT t.* FROM market.{table} t JOIN market.meters m ON m.loop_id = t.loop_id AND m.id = t.meter_id WHERE t.loop_id = $1 AND m.member_id = $2 ORDER BY {order}");

    public static PersonalTable OfPlants(string table, string order) =>
        new(table, $"SELECT t.* FROM market.{table} t JOIN market.plants p ON p.loop_id = t.loop_id AND p.code = t.plant_code WHERE t.loop_id = $1 AND p.owner_id = $2 ORDER BY {order}");

    public static PersonalTable OfBills(string table, string order) =>
        new(table, $"SELECT t.* FROM market.{table} t JOIN market.bills b ON b.loop_id = t.loop_id AND b.id = t.bill_id WHERE t.loop_id = $1 AND b.member_id = $2 ORDER BY {order}");
}

/// <summary>Which tables hold something about a person, and which rows and columns are that person's alone. A test compares them with the schema.</summary>
public static class PersonalTables
{
    /// <summary>Of each member whom the person acts for.</summary>
    public static IReadOnlyList<PersonalTable> OfMember { get; } =
    [
        new("member", "SELECT id, key, name, kind, attributes, joined_at FROM market.members WHERE loop_id = $1 AND id = $2"),
        PersonalTable.OfMember("member_roles", "role"),
        PersonalTable.OfMember("member_credits", "set_at"),
        PersonalTable.OfMember("member_preferences", "carrier, version"),
        PersonalTable.OfMember("bill_recipients", "set_at"),
        PersonalTable.OfMember("bills", "id"),
        PersonalTable.OfBills("bill_lines", "bill_id, line"),
        PersonalTable.OfBills("bill_parties", "bill_id"),
        PersonalTable.OfBills("bill_facts", "bill_id"),
        PersonalTable.OfBills("bill_corrections", "bill_id, hour"),
        PersonalTable.OfMember("document_letters", "id"),
        PersonalTable.OfMember("consumption_letters", "month, recipient"),
        PersonalTable.OfMember("money_receipts", "id"),
        PersonalTable.OfMember("payment_allocations", "made_at, owed_kind, owed_id, credit_kind, credit_id, turn"),
        PersonalTable.OfMember("bank_payments", "id"),
        new("disputes", """
            SELECT id, bill_id, line, state, disputed_cents, granted_cents, cure, opened_at, answer_by, decided_at FROM market.disputes WHERE loop_id = $1 AND member_id = $2 ORDER BY id
            """),
        new("dispute_messages", """
            SELECT t.dispute_id, t.from_operator, t.at, t.text FROM market.dispute_messages t JOIN market.disputes d ON d.loop_id = t.loop_id AND d.id = t.dispute_id
            WHERE t.loop_id = $1 AND d.member_id = $2 ORDER BY t.id
            """),
        new("dispute_files", """
            SELECT t.dispute_id, t.from_operator, t.at, t.file_name, t.content_type, encode(t.content, 'base64') AS content
            FROM market.dispute_files t JOIN market.disputes d ON d.loop_id = t.loop_id AND d.id = t.dispute_id WHERE t.loop_id = $1 AND d.member_id = $2 ORDER BY t.id
            """),
        PersonalTable.OfMember("goodwill_credits", "dispute_id"),
        PersonalTable.OfMember("reminders", "id"),
        new("instalment_plans", "SELECT id, state, total_cents, grace_days, agreed_on, ended_on FROM market.instalment_plans WHERE loop_id = $1 AND member_id = $2 ORDER BY id"),
        new("instalment_parts", """
            SELECT t.plan_id, t.number, t.due_on, t.cents FROM market.instalment_parts t JOIN market.instalment_plans p ON p.loop_id = t.loop_id AND p.id = t.plan_id
            WHERE t.loop_id = $1 AND p.member_id = $2 ORDER BY t.plan_id, t.number
            """),
        PersonalTable.OfBills("instalment_documents", "plan_id, bill_id"),
        new("bank_entries", """
            SELECT e.id, e.booked_on, e.cents, e.is_return, e.return_reason, e.end_to_end_id, e.text, e.party_name, e.party_account
            FROM market.money_receipts r JOIN market.bank_entries e ON e.loop_id = r.loop_id AND e.id = r.bank_entry_id WHERE r.loop_id = $1 AND r.member_id = $2 ORDER BY e.id
            """),
        new("transfers", """
            SELECT t.hour, t.kind, t.carrier, a.kind AS account, CASE WHEN t.debit_account = a.id THEN t.amount ELSE -t.amount END AS amount, t.reference
            FROM market.accounts a JOIN market.transfers t ON t.loop_id = a.loop_id AND (t.debit_account = a.id OR t.credit_account = a.id)
            WHERE a.loop_id = $1 AND a.member_id = $2 ORDER BY t.hour, t.kind, t.carrier, a.kind, t.reference
            """),
        PersonalTable.OfMember("positions", "hour, carrier, direction, plant_code"),
        PersonalTable.OfMember("resettled_positions", "hour, number, carrier, direction, plant_code"),
        PersonalTable.OfMember("corrected_members", "hour, reference, carrier"),
        PersonalTable.OfMember("curtailed_members", "hour, kind, number"),
        PersonalTable.OfMember("wishes_met", "hour, carrier, wish"),
        new("meters", "SELECT * FROM market.meters WHERE loop_id = $1 AND member_id = $2 ORDER BY id"),
        PersonalTable.OfMeters("readings", "t.meter_id, t.hour, t.revision"),
        PersonalTable.OfMeters("late_readings", "t.hour, t.meter_id"),
        PersonalTable.OfMeters("reading_estimates", "t.meter_id, t.hour, t.revision"),
        new("reading_flags", """
            SELECT t.id, t.meter_id, t.hour, t.until_hour, t.check_name, t.occurrence, t.severity, t.found_at
            FROM market.reading_flags t JOIN market.meters m ON m.loop_id = t.loop_id AND m.id = t.meter_id WHERE t.loop_id = $1 AND m.member_id = $2 ORDER BY t.id
            """),
        PersonalTable.OfMeters("manual_readings", "t.id"),
        PersonalTable.OfMeters("meter_tests", "t.id"),
        PersonalTable.OfMeters("meter_forecasts", "t.day, t.version, t.meter_id"),
        PersonalTable.OfMeters("temperature_terms", "t.meter_id, t.version"),
        PersonalTable.OfMeters("device_registers", "t.device_id, t.register, t.from_hour"),
        PersonalTable.OfMember("zone_placements", "plant_code, version"),
        PersonalTable.OfMember("orders", "id"),
        PersonalTable.OfMember("standing_orders", "id"),
        PersonalTable.OfMember("order_templates", "id"),
        PersonalTable.OfMember("order_uploads", "id"),
        PersonalTable.OfMember("book_orders", "hour, position"),
        new("deals", """
            SELECT id, CASE WHEN seller_id = $2 THEN 'seller' ELSE 'buyer' END AS side, proposer_id = $2 AS proposed_by_you, carrier, made_at
            FROM market.deals WHERE loop_id = $1 AND (seller_id = $2 OR buyer_id = $2) ORDER BY id
            """),
        new("deal_acts", """
            SELECT a.deal_id, a.number, a.kind, a.member_id = $2 AS done_by_you, a.at, a.market_at, a.quantity, a.price, a.starts_at, a.ends_at, a.hour_from, a.hour_until, a.expires_at
            FROM market.deal_acts a JOIN market.deals d ON d.loop_id = a.loop_id AND d.id = a.deal_id
            WHERE a.loop_id = $1 AND (d.seller_id = $2 OR d.buyer_id = $2) ORDER BY a.deal_id, a.number
            """),
        PersonalTable.OfMember("deal_notes", "deal_id, number"),
        new("deal_hours", """
            SELECT hour, deal_id, CASE WHEN seller_id = $2 THEN 'seller' ELSE 'buyer' END AS side, carrier, agreed, delivered, price, curtailed
            FROM market.deal_hours WHERE loop_id = $1 AND (seller_id = $2 OR buyer_id = $2) ORDER BY hour, deal_id
            """),
        new("contracts", """
            SELECT c.id, p.role, c.template_code, c.member_id = $2 AS drafted_by_you, c.made_at
            FROM market.contracts c JOIN market.contract_parties p ON p.loop_id = c.loop_id AND p.contract_id = c.id WHERE c.loop_id = $1 AND p.member_id = $2 ORDER BY c.id
            """),
        new("contract_acts", """
            SELECT a.contract_id, a.number, a.kind, a.member_id = $2 AS done_by_you, a.at, a.market_at, a.version, a.template_version, a.parameter_values, a.starts_on, a.ends_on
            FROM market.contract_acts a JOIN market.contract_parties p ON p.loop_id = a.loop_id AND p.contract_id = a.contract_id
            WHERE a.loop_id = $1 AND p.member_id = $2 ORDER BY a.contract_id, a.number
            """),
        PersonalTable.OfMember("contract_notes", "contract_id, number"),
        new("contract_results", """
            SELECT contract_id, version, clause, period_start, period_end, CASE WHEN payer_id = $2 THEN amount ELSE -amount END AS amount, quantity, explanation
            FROM market.contract_results WHERE loop_id = $1 AND (payer_id = $2 OR payee_id = $2) ORDER BY contract_id, period_start, clause
            """),
        new("flexibility_calls", "SELECT id, contract_id, carrier, starts_at, ends_at, watts, called_at FROM market.flexibility_calls WHERE loop_id = $1 AND member_id = $2 ORDER BY id"),
        new("zone_trades", """
            SELECT hour, kind, number, carrier, CASE WHEN seller_id = $2 THEN 'seller' ELSE 'buyer' END AS side, price, allowed, curtailed, fee
            FROM market.zone_trades WHERE loop_id = $1 AND (seller_id = $2 OR buyer_id = $2) ORDER BY hour, kind, number
            """),
        new("plants", "SELECT code, name, definition FROM market.plants WHERE loop_id = $1 AND owner_id = $2 ORDER BY code"),
        PersonalTable.OfPlants("converter_runs", "t.hour, t.plant_code"),
        PersonalTable.OfPlants("store_choices", "t.plant_code, t.version"),
        PersonalTable.OfPlants("store_levels", "t.plant_code, t.hour"),
        PersonalTable.OfPlants("store_plans", "t.plant_code, t.hour"),
        PersonalTable.OfMember("plant_shares", "plant_code"),
        PersonalTable.OfMember("store_shares", "plant_code, hour"),
        PersonalTable.OfMember("charging_demands", "group_id, period"),
        PersonalTable.OfMember("charging_habits", "group_id, valid_from, slot"),
        PersonalTable.OfMember("charging_nets", "group_id, period"),
        PersonalTable.OfMember("charging_orders", "id"),
        PersonalTable.OfMember("charging_points", "group_id, from_hour"),
        PersonalTable.OfMember("charging_quotas", "group_id, period"),
        PersonalTable.OfMember("charging_uses", "group_id, hour"),
        new("handovers", """
            SELECT number, hour, CASE WHEN from_member_id = $2 THEN 'from you' ELSE 'to you' END AS direction, counters
            FROM market.handovers WHERE loop_id = $1 AND (from_member_id = $2 OR to_member_id = $2) ORDER BY number
            """),
        new("community_records", "SELECT record_key, kind, at, convert_from(canonical, 'UTF8') AS record FROM market.community_records WHERE loop_id = $1 AND member_id = $2 ORDER BY at, record_key"),
        new("agreements", "SELECT topic, number, version, language, agrees, at FROM market.agreements WHERE loop_id = $1 AND member_id = $2 ORDER BY topic, number"),
        new("proposals", "SELECT number, kind, change, before, opened_at, closes_at, takes_effect_at FROM market.proposals WHERE loop_id = $1 AND member_id = $2 ORDER BY number"),
        new("proposal_voters", "SELECT proposal, weight FROM market.proposal_voters WHERE loop_id = $1 AND member_id = $2 ORDER BY proposal"),
        new("votes", "SELECT proposal, number, choice, at FROM market.votes WHERE loop_id = $1 AND member_id = $2 ORDER BY proposal, number"),
        new("proposal_comments", "SELECT proposal, number, at, text FROM market.proposal_comments WHERE loop_id = $1 AND member_id = $2 ORDER BY proposal, number"),
        new("campaigns", "SELECT id, plant_code, kind, title, words, target, opens_at, closes_at FROM market.campaigns WHERE loop_id = $1 AND owner_id = $2 ORDER BY id"),
        new("campaign_pledges", "SELECT campaign_id, number, amount, at FROM market.campaign_pledges WHERE loop_id = $1 AND member_id = $2 ORDER BY campaign_id, number"),
        new("alarms", "SELECT id, kind, severity, subject, since, opened_at, resolved_at FROM market.alarms WHERE loop_id = $1 AND member_id = $2 ORDER BY id"),
        new("access_granted", """
            SELECT id, relation, email, scope, valid_from, valid_until, granted_at, revoked_at, last_used_at
            FROM market.access_grants WHERE loop_id = $1 AND member_id = $2 ORDER BY id
            """),
    ];

    /// <summary>Of the person, whose account is $2, in the loop or everywhere.</summary>
    public static IReadOnlyList<PersonalTable> OfPerson { get; } =
    [
        new("account", "SELECT id, display_name, email, email_confirmed, phone_number, two_factor_enabled, created_at FROM market.people WHERE $1 > 0 AND id = $2"),
        new("memberships", "SELECT loop_id, member_id FROM market.memberships WHERE loop_id = $1 AND account_id = $2 ORDER BY member_id"),
        new("signatures", """
            SELECT id, member_id, method, title, encode(act_hash, 'hex') AS act_hash, convert_from(statement, 'UTF8') AS statement, at
            FROM market.signatures WHERE loop_id = $1 AND account_id = $2 ORDER BY id
            """),
        new("sign_ins", """SELECT id, at, method, succeeded, "from" FROM market.sign_ins WHERE $1 > 0 AND account_id = $2 ORDER BY id"""),
        new("passkeys", "SELECT encode(credential_id, 'hex') AS credential FROM market.passkeys WHERE $1 > 0 AND user_id = $2 ORDER BY 1"),
        new("api_keys", "SELECT id, name, beginning, created_at, expires_at, last_used_at, revoked_at FROM market.api_keys WHERE $1 > 0 AND account_id = $2 ORDER BY created_at, id"),
        new("api_key_events", "SELECT id, key_id, at, kind FROM market.api_key_events WHERE $1 > 0 AND account_id = $2 ORDER BY id"),
        new("consumption_choices", "SELECT choice, at FROM market.consumption_choices WHERE loop_id = $1 AND account_id = $2"),
        new("notifications", "SELECT id, kind, member_id, variant, subject, facts, at, read_at, sent_at FROM market.notifications WHERE loop_id = $1 AND account_id = $2 ORDER BY id"),
        new("notification_choices", "SELECT kind, portal, mail, at FROM market.notification_choices WHERE loop_id = $1 AND account_id = $2 ORDER BY kind"),
        new("mail_refusals", "SELECT kind, at FROM market.mail_refusals WHERE loop_id = $1 AND account_id = $2 ORDER BY kind"),
        new("dispatches", "SELECT id, state, act, alarm_ids, announcement_id, queued_at, sent_at FROM market.dispatches WHERE loop_id = $1 AND account_id = $2 ORDER BY id"),
        new("invitations", """
            SELECT i.created_at, i.expires_at, i.accepted_at, i.revoked_at FROM market.invitations i JOIN market.people p ON upper(i.email) = p.normalized_email
            WHERE i.loop_id = $1 AND p.id = $2 ORDER BY i.created_at
            """),
        new("access_received", "SELECT id, relation, scope, valid_from, valid_until, revoked_at, last_used_at FROM market.access_grants WHERE loop_id = $1 AND account_id = $2 ORDER BY id"),
        new("personal_copies", "SELECT id, asked_at, ready_at, delete_at, bytes FROM market.personal_copies WHERE loop_id = $1 AND account_id = $2 ORDER BY asked_at"),
    ];

    /// <summary>Tables with a key of a person that are not handed out, and why.</summary>
    public static IReadOnlyDictionary<string, string> LeftOut { get; } = new Dictionary<string, string>
    {
        ["asp_net_user_claims"] = "holds nothing",
        ["asp_net_user_logins"] = "holds nothing",
        ["asp_net_user_tokens"] = "the secret of the second step",
        ["record_secrets"] = "whoever has them can open a member's entries on the ledger; the proofs of the documents hold what is needed",
        ["operator_actions"] = "the loop's journal of its operators, about other members",
        ["open_flags"] = "an index of reading_flags",
        ["unjudged_readings"] = "a queue of the checks of readings",
        ["virtual_meter_parts"] = "sums that the operator defines over many members' meters",
        ["announcements"] = "addressed to many",
    };
}
