-- Where a commitment or a leaf hash stands, for the public search: derived from the published tiles, written behind the
-- sequencer, never trusted (each hit is compared with its bundle). Whoever empties it only makes search slower until it is rebuilt.
-- One row holds the keys of 65,536 entries that share their first byte: slot 0 to 255 by commitment, 256 to 511 by leaf hash.
-- A key is two more bytes of the hash and two of the position in the range.
CREATE TABLE ledger.search_keys (
    loop_id     integer  NOT NULL,
    range_index integer  NOT NULL,
    slot        smallint NOT NULL,
    keys        bytea    NOT NULL,
    CONSTRAINT pk_search_keys PRIMARY KEY (loop_id, slot, range_index)
);
ALTER TABLE ledger.search_keys ALTER COLUMN keys SET STORAGE EXTERNAL;

-- Readings are added in the order of their batches, so the coarsest index finds the reading behind an entry.
CREATE INDEX ix_readings_batch_id ON market.readings USING brin (batch_id) WITH (pages_per_range = 32, autosummarize = on);
