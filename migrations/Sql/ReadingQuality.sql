-- What checks found, how it ended, estimates and forecasts are evidence: added to, never changed.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['reading_flags', 'flag_resolutions', 'meter_class_terms', 'reading_estimates', 'meter_forecasts', 'forecast_days', 'quantity_choices']
    LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.%I FOR EACH ROW EXECUTE FUNCTION market.refuse_change()', name);
        EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.%I FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change()', name);
    END LOOP;
END $$;

-- One short row a meter, rewritten with each delivery.
ALTER TABLE market.unjudged_readings SET (fillfactor = 50);
