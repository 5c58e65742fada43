-- The history of alarms and what was promised are never changed.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['alarm_events', 'temperature_terms']
    LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.%I FOR EACH ROW EXECUTE FUNCTION market.refuse_change()', name);
        EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.%I FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change()', name);
    END LOOP;
END $$;
