-- The transparency log of each loop. Written by the door and the sequencer alone, with hand-written SQL.
CREATE SCHEMA ledger;
CREATE SEQUENCE ledger.batch_ids AS bigint;

-- Under which name and key a loop's log was started. Another key under the same name would be a fork.
CREATE TABLE ledger.logs (
    loop_id    integer     PRIMARY KEY REFERENCES market.loops (id),
    origin     text        NOT NULL UNIQUE,
    vkey       text        NOT NULL,
    started_at timestamptz NOT NULL
);

-- One row for each batch handed in at the door. The key makes handing in idempotent, the hash shows a different content.
CREATE TABLE ledger.batches (
    loop_id      integer NOT NULL REFERENCES market.loops (id),
    batch_key    text    NOT NULL,
    batch_id     bigint  NOT NULL DEFAULT nextval('ledger.batch_ids'),
    entry_count  integer NOT NULL CHECK (entry_count > 0),
    entries_hash bytea   NOT NULL,
    CONSTRAINT pk_batches PRIMARY KEY (loop_id, batch_key),
    CONSTRAINT ak_batches_batch_id UNIQUE (loop_id, batch_id)
);

-- The queue from the door to the sequencer: entries of 34 bytes, sorted, one after the other.
CREATE TABLE ledger.pending (
    loop_id  integer NOT NULL,
    batch_id bigint  NOT NULL,
    entries  bytea   NOT NULL,
    CONSTRAINT pk_pending PRIMARY KEY (loop_id, batch_id)
);

-- Where a batch came to stand. A record's leaf is first_index plus its position in the batch.
CREATE TABLE ledger.placements (
    loop_id     integer NOT NULL,
    batch_id    bigint  NOT NULL,
    first_index bigint  NOT NULL,
    entry_count integer NOT NULL,
    CONSTRAINT pk_placements PRIMARY KEY (loop_id, batch_id),
    CONSTRAINT ak_placements_first_index UNIQUE (loop_id, first_index)
);

-- Full tiles as they are published. Level -1 are the entry bundles: the only copy of the entries.
CREATE TABLE ledger.tiles (
    loop_id integer  NOT NULL,
    level   smallint NOT NULL,
    index   bigint   NOT NULL,
    bytes   bytea    NOT NULL,
    CONSTRAINT pk_tiles PRIMARY KEY (loop_id, level, index)
);
ALTER TABLE ledger.tiles ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- The right edge of the tree: its partial bundle and the partial tile of each level. Checked against the last signed
-- checkpoint each time it is taken up, so that a change here cannot pass.
CREATE TABLE ledger.edges (
    loop_id integer PRIMARY KEY,
    size    bigint  NOT NULL,
    bundle  bytea   NOT NULL,
    tails   bytea[] NOT NULL
);
ALTER TABLE ledger.edges ALTER COLUMN bundle SET STORAGE EXTERNAL;
ALTER TABLE ledger.edges ALTER COLUMN tails SET STORAGE EXTERNAL;

CREATE TABLE ledger.checkpoints (
    loop_id   integer     NOT NULL,
    size      bigint      NOT NULL,
    root      bytea       NOT NULL,
    note      text        NOT NULL,
    kinds     bigint[]    NOT NULL, -- how many entries of kind 1, 2, 3 … the tree has
    signed_at timestamptz NOT NULL,
    CONSTRAINT pk_checkpoints PRIMARY KEY (loop_id, size)
);

-- What the world is shown: a checkpoint with the cosignatures that the policy asks for.
CREATE TABLE ledger.publications (
    loop_id        integer     NOT NULL,
    publication_id bigint      GENERATED ALWAYS AS IDENTITY,
    size           bigint      NOT NULL,
    note           text        NOT NULL,
    published_at   timestamptz NOT NULL,
    CONSTRAINT pk_publications PRIMARY KEY (loop_id, size, publication_id)
);

-- Signing stops when a witness has seen more than we have, and goes on when the operator says why it may.
CREATE TABLE ledger.incidents (
    loop_id     integer     NOT NULL,
    incident_id bigint      GENERATED ALWAYS AS IDENTITY,
    halts       boolean     NOT NULL,
    words       text        NOT NULL,
    happened_at timestamptz NOT NULL,
    CONSTRAINT pk_incidents PRIMARY KEY (loop_id, incident_id)
);

-- The secret behind the salts of a member's records of a month; member 0 is the loop itself. Destroyed when a person is
-- erased: the commitments stay and reveal nothing.
CREATE TABLE market.record_secrets (
    loop_id   integer NOT NULL REFERENCES market.loops (id),
    member_id integer NOT NULL,
    month     date    NOT NULL,
    secret    bytea   NOT NULL,
    CONSTRAINT pk_record_secrets PRIMARY KEY (loop_id, member_id, month)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['logs', 'batches', 'placements', 'tiles', 'checkpoints', 'publications', 'incidents']
    LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger.%I FOR EACH ROW EXECUTE FUNCTION market.refuse_change()', name);
        EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ledger.%I FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change()', name);
    END LOOP;
END $$;
