-- Values of registers that are not the energy of an hour: counters, volumes, temperatures.
CREATE TABLE market.register_values (
    loop_id     integer     NOT NULL,
    device_id   integer     NOT NULL,
    register    smallint    NOT NULL,
    at          timestamptz NOT NULL,
    seconds     integer     NOT NULL,
    value       bigint      NOT NULL,
    sequence    bigint      NOT NULL,
    received_at timestamptz NOT NULL,
    CONSTRAINT pk_register_values PRIMARY KEY (loop_id, device_id, register, at)
) PARTITION BY RANGE (at);

CREATE FUNCTION market.ensure_register_values_month(any_instant timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = market, pg_temp AS $$
DECLARE
    month_start timestamp := date_trunc('month', any_instant AT TIME ZONE 'UTC');
    partition_name text := 'register_values_' || to_char(month_start, 'YYYY_MM');
BEGIN
    IF to_regclass('market.' || partition_name) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('market.register_values'));
    IF to_regclass('market.' || partition_name) IS NULL THEN
        EXECUTE format('CREATE TABLE market.%I PARTITION OF market.register_values FOR VALUES FROM (%L) TO (%L)',
            partition_name, month_start AT TIME ZONE 'UTC', (month_start + interval '1 month') AT TIME ZONE 'UTC');
    END IF;
END $$;

-- What was done with devices and what they sent is never changed.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['device_acts', 'device_batches', 'register_values', 'manual_readings', 'virtual_meter_parts', 'reading_calls']
    LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.%I FOR EACH ROW EXECUTE FUNCTION market.refuse_change()', name);
        EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.%I FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change()', name);
    END LOOP;
END $$;
