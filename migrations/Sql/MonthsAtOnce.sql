-- Two that make the same month at once: the one that waited still sees the catalogue as it was before it waited, so it is CREATE
-- itself that has to look. One way for all tables by month; it runs with the rights of whoever calls it.
CREATE FUNCTION market.ensure_month(monthly_table text, any_instant timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = market, pg_temp AS $$
DECLARE
    month_start timestamp := date_trunc('month', any_instant AT TIME ZONE 'UTC');
    partition_name text := monthly_table || '_' || to_char(month_start, 'YYYY_MM');
BEGIN
    IF to_regclass('market.' || partition_name) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('market.' || monthly_table));
    EXECUTE format('CREATE TABLE IF NOT EXISTS market.%I PARTITION OF market.%I FOR VALUES FROM (%L) TO (%L)',
        partition_name, monthly_table, month_start AT TIME ZONE 'UTC', (month_start + interval '1 month') AT TIME ZONE 'UTC');
END $$;

-- The application may make months of these two, as their owner.
CREATE OR REPLACE FUNCTION market.ensure_readings_month(any_instant timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = market, pg_temp AS $$ SELECT market.ensure_month('readings', any_instant) $$;

CREATE OR REPLACE FUNCTION market.ensure_register_values_month(any_instant timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = market, pg_temp AS $$ SELECT market.ensure_month('register_values', any_instant) $$;
