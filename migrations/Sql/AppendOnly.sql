-- Evidence is added to, never changed: not by the application, not by its owner by mistake.
CREATE FUNCTION market.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of %.% refused: the table is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', HINT = 'Correct by adding a row that says so.';
END $$;

CREATE TABLE market.readings (
    loop_id        integer     NOT NULL,
    meter_id       integer     NOT NULL,
    hour           timestamptz NOT NULL,
    revision       smallint    NOT NULL,
    energy         bigint      NOT NULL,
    quality        smallint    NOT NULL,
    note           text,
    received_at    timestamptz NOT NULL,
    batch_id       bigint      NOT NULL,
    batch_position integer     NOT NULL,
    CONSTRAINT pk_readings PRIMARY KEY (loop_id, meter_id, hour, revision)
) PARTITION BY RANGE (hour);
CREATE INDEX ix_readings_loop_id_hour ON market.readings (loop_id, hour);

-- Months are made when they are first needed. SECURITY DEFINER: the application's role creates no tables itself.
CREATE FUNCTION market.ensure_readings_month(any_instant timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = market, pg_temp AS $$
DECLARE
    month_start timestamp := date_trunc('month', any_instant AT TIME ZONE 'UTC');
    partition_name text := 'readings_' || to_char(month_start, 'YYYY_MM');
BEGIN
    IF to_regclass('market.' || partition_name) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('market.readings'));
    IF to_regclass('market.' || partition_name) IS NULL THEN
        EXECUTE format('CREATE TABLE market.%I PARTITION OF market.readings FOR VALUES FROM (%L) TO (%L)',
            partition_name, month_start AT TIME ZONE 'UTC', (month_start + interval '1 month') AT TIME ZONE 'UTC');
    END IF;
END $$;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['readings', 'books', 'book_orders', 'results', 'acceptances', 'prices', 'converter_runs',
        'hour_steps', 'positions', 'balances', 'settlements', 'accounts', 'transfers', 'bills', 'bill_lines',
        'store_levels', 'operator_actions']
    LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.%I FOR EACH ROW EXECUTE FUNCTION market.refuse_change()', name);
        EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.%I FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change()', name);
    END LOOP;
END $$;
