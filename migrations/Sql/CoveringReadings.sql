-- The same key, with what sums over a meter's hours need: the year of a meter is read from the index alone.
ALTER TABLE market.readings DROP CONSTRAINT pk_readings;
ALTER TABLE market.readings ADD CONSTRAINT pk_readings PRIMARY KEY (loop_id, meter_id, hour, revision) INCLUDE (energy, quality, received_at);
