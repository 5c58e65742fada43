-- Two that make the same month at once: the one that waited still sees the catalogue as it was before it waited, so that it is
-- CREATE itself that has to look. Made over with IF NOT EXISTS; all else is as before.
CREATE OR REPLACE FUNCTION market.ensure_readings_month(any_instant timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = market, pg_temp AS $$
DECLARE
    month_start timestamp := date_trunc('month', any_instant AT TIME ZONE 'UTC');
    partition_name text := 'readings_' || to_char(month_start, 'YYYY_MM');
BEGIN
    IF to_regclass('market.' || partition_name) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('market.readings'));
    EXECUTE format('CREATE TABLE IF NOT EXISTS market.%I PARTITION OF market.readings FOR VALUES FROM (%L) TO (%L)',
        partition_name, month_start AT TIME ZONE 'UTC', (month_start + interval '1 month') AT TIME ZONE 'UTC');
END $$;

CREATE OR REPLACE FUNCTION market.ensure_register_values_month(any_instant timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = market, pg_temp AS $$
DECLARE
    month_start timestamp := date_trunc('month', any_instant AT TIME ZONE 'UTC');
    partition_name text := 'register_values_' || to_char(month_start, 'YYYY_MM');
BEGIN
    IF to_regclass('market.' || partition_name) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('market.register_values'));
    EXECUTE format('CREATE TABLE IF NOT EXISTS market.%I PARTITION OF market.register_values FOR VALUES FROM (%L) TO (%L)',
        partition_name, month_start AT TIME ZONE 'UTC', (month_start + interval '1 month') AT TIME ZONE 'UTC');
END $$;
