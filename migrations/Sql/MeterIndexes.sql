-- For each settled hour, the pseudonym of each meter and the commitment of the reading that settled it, 64 bytes a meter, in
-- the order of the pseudonyms. The record that binds them by their root is on the ledger.
CREATE TABLE market.meter_indexes (
    loop_id        integer     NOT NULL REFERENCES market.loops (id),
    hour           timestamptz NOT NULL,
    canonical      bytea       NOT NULL,
    places         bytea       NOT NULL,
    batch_id       bigint      NOT NULL,
    batch_position integer     NOT NULL,
    CONSTRAINT pk_meter_indexes PRIMARY KEY (loop_id, hour)
);
ALTER TABLE market.meter_indexes ALTER COLUMN places SET STORAGE EXTERNAL;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.meter_indexes FOR EACH ROW EXECUTE FUNCTION market.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.meter_indexes FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change();
