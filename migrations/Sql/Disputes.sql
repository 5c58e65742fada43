-- What was given back, who was reminded of what and what was agreed are never changed.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['goodwill_credits', 'reminder_terms', 'reminders', 'instalment_parts']
    LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.%I FOR EACH ROW EXECUTE FUNCTION market.refuse_change()', name);
        EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.%I FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change()', name);
    END LOOP;
END $$;

-- What of documents is disputed: all of an open dispute, on the document and on whatever takes its place; what was granted, until the document is taken back.
CREATE FUNCTION market.disputed_amounts(of_loop integer) RETURNS TABLE (bill_id integer, member_id integer, cents bigint) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE standing AS (
        SELECT d.member_id, d.bill_id, d.disputed_cents AS cents FROM market.disputes d WHERE d.loop_id = of_loop AND d.state = 1
        UNION ALL
        SELECT s.member_id, b.id, s.cents FROM standing s JOIN market.bills b ON b.loop_id = of_loop AND b.corrects_id = s.bill_id AND b.kind = 1)
    SELECT held.bill_id, held.member_id, sum(held.cents)::bigint FROM (
        SELECT * FROM standing
        UNION ALL
        SELECT d.member_id, d.bill_id, d.granted_cents FROM market.disputes d
        WHERE d.loop_id = of_loop AND d.state IN (2, 4) AND d.cure = 1
            AND NOT EXISTS (SELECT FROM market.bills b WHERE b.loop_id = of_loop AND b.corrects_id = d.bill_id AND b.kind = 2)) held
    GROUP BY held.bill_id, held.member_id
$$;

-- Every entry of members' accounts that is open: documents (1), fees of reminders (2), payouts that came back (3), what was given back on disputed
-- documents (4); above zero the member owes it.
CREATE FUNCTION market.open_entries(of_loop integer) RETURNS TABLE (
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
        SELECT 4::smallint, g.dispute_id, g.member_id, g.bill_id, g.given_on, -g.cents FROM market.goodwill_credits g WHERE g.loop_id = of_loop),
    settled AS (
        SELECT a.owed_kind AS kind, a.owed_id AS id, true AS owed, sum(a.cents) AS cents FROM market.payment_allocations a WHERE a.loop_id = of_loop GROUP BY 1, 2
        UNION ALL
        SELECT a.credit_kind, a.credit_id, false, sum(a.cents) FROM market.payment_allocations a WHERE a.loop_id = of_loop GROUP BY 1, 2),
    waiting AS (
        SELECT p.entry_kind AS kind, p.entry_id AS id, sum(p.cents) AS cents FROM market.bank_payments p WHERE p.loop_id = of_loop AND p.state = 1 GROUP BY 1, 2),
    open AS (
        SELECT e.*, (e.cents - sign(e.cents) * coalesce(s.cents, 0))::bigint AS open_cents
        FROM entries e LEFT JOIN settled s ON s.kind = e.kind AND s.id = e.id AND s.owed = (e.cents > 0))
    SELECT o.kind, o.id, o.member_id, o.bill_id, b.number::text, b.role, o.due_on, o.open_cents, coalesce(w.cents, 0)::bigint,
        CASE WHEN o.kind = 1 AND o.open_cents > 0 THEN least(o.open_cents, coalesce(d.cents, 0)) ELSE 0 END, i.plan_id
    FROM open o
    JOIN market.bills b ON b.loop_id = of_loop AND b.id = o.bill_id
    LEFT JOIN waiting w ON w.kind = o.kind AND w.id = o.id
    LEFT JOIN market.disputed_amounts(of_loop) d ON d.bill_id = o.bill_id
    LEFT JOIN market.instalment_documents i ON i.loop_id = of_loop AND i.bill_id = o.bill_id AND i.running AND o.kind = 1
    WHERE o.open_cents <> 0
$$;

-- Letters about disputes, reminders and instalments go the way of those about documents: once for each recipient and topic.
ALTER TABLE market.document_letters ADD COLUMN topic text NOT NULL DEFAULT 'document' CHECK (length(topic) BETWEEN 1 AND 60);
ALTER TABLE market.document_letters DROP CONSTRAINT ux_document_letters;
ALTER TABLE market.document_letters ADD CONSTRAINT ux_document_letters UNIQUE (loop_id, bill_id, recipient, topic);
-- 9: what it was to say is not so any more.
ALTER TABLE market.document_letters DROP CONSTRAINT document_letters_state_check;
ALTER TABLE market.document_letters ADD CONSTRAINT document_letters_state_check CHECK (state BETWEEN 1 AND 9);
