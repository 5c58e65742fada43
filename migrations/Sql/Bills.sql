-- A correction, a tariff, a rate of tax, the terms of billing and a handover are never changed: a later one takes over.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['bill_corrections', 'bill_facts', 'billing_terms', 'handovers', 'shared_amounts', 'tariffs', 'tariff_levies', 'tariff_zone_fees', 'tax_rates']
    LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.%I FOR EACH ROW EXECUTE FUNCTION market.refuse_change()', name);
        EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.%I FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change()', name);
    END LOOP;
END $$;

ALTER TABLE market.bills
    ADD CONSTRAINT bills_kind CHECK (kind IN (1, 2)),
    ADD CONSTRAINT bills_correction CHECK ((revision = 0) = (corrects_id IS NULL) AND (kind = 1 OR corrects_id IS NOT NULL)),
    ADD CONSTRAINT bills_period CHECK (period_end > period_start);

-- No hour is billed twice: an original may not lie over another one of the same contract, role and product, and a revised document needs the
-- credit note of what it takes the place of. Deferred, so that the rows of one transaction may come in any order.
CREATE FUNCTION market.require_one_bill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind = 1 AND NEW.revision = 0 AND EXISTS (
        SELECT FROM market.bills o
        WHERE o.loop_id = NEW.loop_id AND o.member_id = NEW.member_id AND o.contract_id = NEW.contract_id AND o.role = NEW.role AND o.product = NEW.product
          AND o.kind = 1 AND o.revision = 0 AND o.id <> NEW.id AND o.period_start < NEW.period_end AND o.period_end > NEW.period_start) THEN
        RAISE EXCEPTION 'Part of the period of % is billed already', NEW.number USING ERRCODE = 'unique_violation', CONSTRAINT = 'bills_one_original';
    END IF;
    IF NEW.corrects_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM market.bills c JOIN market.bills o ON o.loop_id = c.loop_id AND o.id = c.corrects_id
        WHERE c.loop_id = NEW.loop_id AND c.corrects_id = NEW.corrects_id AND c.kind = 2 AND c.revision = NEW.revision
          AND o.kind = 1 AND o.revision = NEW.revision - 1 AND o.total_cents = c.total_cents
          AND (o.member_id, o.role, o.contract_id, o.product, o.period_start, o.period_end)
            = (NEW.member_id, NEW.role, NEW.contract_id, NEW.product, NEW.period_start, NEW.period_end)) THEN
        RAISE EXCEPTION '% takes the place of a document that no credit note takes back', NEW.number USING ERRCODE = 'check_violation', CONSTRAINT = 'bills_credited';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER one_bill AFTER INSERT ON market.bills DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION market.require_one_bill();

-- What was billed before this migration.
INSERT INTO market.bill_periods (loop_id, period_start, period_end, issue_at, opened_at, completed_at)
SELECT loop_id, period_start, period_end, min(issued_at), min(issued_at), min(issued_at) FROM market.bills GROUP BY loop_id, period_start, period_end;
INSERT INTO market.bill_corrections (loop_id, bill_id, hour, reference)
SELECT DISTINCT b.loop_id, b.id, c.hour, c.reference
FROM market.bills b
JOIN market.bill_lines l ON l.loop_id = b.loop_id AND l.bill_id = b.id AND l.kind = 12
JOIN market.corrected_members c ON c.loop_id = b.loop_id AND c.member_id = b.member_id AND c.carrier = l.carrier
    AND c.posted_hour >= b.period_start AND c.posted_hour < b.period_end;
