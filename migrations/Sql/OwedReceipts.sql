-- Every entry of members' accounts that is open: documents (1), fees of reminders (2), receipts (3), what was given back on disputed documents (4); above
-- zero the member owes it. Of receipts: payouts that came back; and what is owed by a receipt itself, a payment that came back without the one that it took
-- back, or more paid out than there was. Those are for the document they name, or else beside the member's newest.
CREATE OR REPLACE FUNCTION market.open_entries(of_loop integer) RETURNS TABLE (
    kind smallint, id bigint, member_id integer, bill_id integer, number text, role smallint, due_on date, open_cents bigint, in_file_cents bigint, held_cents bigint, plan_id integer)
LANGUAGE sql STABLE AS $$
    WITH entries AS (
        SELECT 1::smallint AS kind, b.id::bigint AS id, b.member_id, b.id AS bill_id, b.due_on, CASE b.kind WHEN 2 THEN -b.total_cents ELSE b.total_cents END AS cents
        FROM market.bills b WHERE b.loop_id = of_loop
        UNION ALL
        SELECT 2::smallint, r.id, r.member_id, r.bill_id, r.made_on, r.fee_cents FROM market.reminders r WHERE r.loop_id = of_loop AND r.fee_cents > 0
        UNION ALL
        SELECT 3::smallint, r.id, r.member_id, r.bill_id, b.due_on, -r.amount / 10000
        FROM market.money_receipts r JOIN market.bills b ON b.loop_id = r.loop_id AND b.id = r.bill_id WHERE r.loop_id = of_loop AND r.kind = 6
        UNION ALL
        SELECT 3::smallint, r.id, r.member_id, r.bill_id, (r.at AT TIME ZONE 'UTC')::date, r.amount / 10000
        FROM market.money_receipts r WHERE r.loop_id = of_loop AND r.kind IN (4, 5)
        UNION ALL
        SELECT 4::smallint, g.dispute_id, g.member_id, g.bill_id, g.given_on, -g.cents FROM market.goodwill_credits g WHERE g.loop_id = of_loop),
    settled AS (
        SELECT a.owed_kind AS kind, a.owed_id AS id, true AS owed, sum(a.cents) AS cents FROM market.payment_allocations a WHERE a.loop_id = of_loop GROUP BY 1, 2
        UNION ALL
        SELECT a.credit_kind, a.credit_id, false, sum(a.cents) FROM market.payment_allocations a WHERE a.loop_id = of_loop GROUP BY 1, 2),
    waiting AS (
        SELECT p.entry_kind AS kind, p.entry_id AS id, sum(p.cents) AS cents FROM market.bank_payments p WHERE p.loop_id = of_loop AND p.state = 1 GROUP BY 1, 2),
    open AS (
        SELECT e.*, (e.cents - sign(e.cents) * coalesce(s.cents, 0))::bigint AS open_cents
        FROM entries e LEFT JOIN settled s ON s.kind = e.kind AND s.id = e.id AND s.owed = (e.cents > 0)),
    placed AS (
        SELECT o.kind, o.id, o.member_id, o.due_on, o.open_cents,
            coalesce(o.bill_id, (SELECT max(n.id) FROM market.bills n WHERE n.loop_id = of_loop AND n.member_id = o.member_id)) AS bill_id
        FROM open o WHERE o.open_cents <> 0)
    SELECT o.kind, o.id, o.member_id, coalesce(o.bill_id, 0), coalesce(b.number, '')::text, coalesce(b.role, 2)::smallint, o.due_on, o.open_cents, coalesce(w.cents, 0)::bigint,
        CASE WHEN o.kind = 1 AND o.open_cents > 0 THEN least(o.open_cents, coalesce(d.cents, 0)) ELSE 0 END, i.plan_id
    FROM placed o
    LEFT JOIN market.bills b ON b.loop_id = of_loop AND b.id = o.bill_id
    LEFT JOIN waiting w ON w.kind = o.kind AND w.id = o.id
    LEFT JOIN market.disputed_amounts(of_loop) d ON d.bill_id = o.bill_id
    LEFT JOIN market.instalment_documents i ON i.loop_id = of_loop AND i.bill_id = o.bill_id AND i.running AND o.kind = 1
$$;

-- What earlier statements have shown of the days of a new one.
CREATE INDEX ix_bank_entries_booked_on ON market.bank_entries (loop_id, booked_on);
