-- Which payment settled what, the files handed to the bank and the statements it sent are never changed.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['payment_allocations', 'bank_files', 'account_statements']
    LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.%I FOR EACH ROW EXECUTE FUNCTION market.refuse_change()', name);
        EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.%I FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change()', name);
    END LOOP;
END $$;

-- A member's receivable account is touched by documents and receipts only, and these name what they are for: a small index beside the hours' millions.
CREATE INDEX ix_transfers_debit_named ON market.transfers (loop_id, debit_account) INCLUDE (amount) WHERE reference <> 0;
CREATE INDEX ix_transfers_credit_named ON market.transfers (loop_id, credit_account) INCLUDE (amount) WHERE reference <> 0;

-- A document by what payers give: the letters and digits of its number, as its creditor reference carries them.
CREATE FUNCTION market.payment_reference_body(number text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT right(upper(regexp_replace(number, '[^A-Za-z0-9]', '', 'g')), 21) $$;
CREATE INDEX ix_bills_payment_reference ON market.bills (loop_id, market.payment_reference_body(number));
CREATE INDEX ix_bills_member ON market.bills (loop_id, member_id, id);
CREATE INDEX ix_bill_recipients_iban ON market.bill_recipients (loop_id, (details ->> 'iban'));
