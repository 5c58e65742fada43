-- What the operator asks of witnesses: a tlog-policy without its log line. The newest row is wished for; it is in force
-- once a checkpoint that meets it has been published.
CREATE TABLE ledger.witness_rules (
    loop_id integer     NOT NULL REFERENCES market.loops (id),
    rule_no integer     NOT NULL CHECK (rule_no > 0),
    text    text        NOT NULL,
    set_at  timestamptz NOT NULL,
    CONSTRAINT pk_witness_rules PRIMARY KEY (loop_id, rule_no)
);

-- The policies as published, each whole: log key, witnesses, groups, quorum.
CREATE TABLE ledger.policies (
    loop_id      integer     NOT NULL REFERENCES market.loops (id),
    policy_no    integer     NOT NULL CHECK (policy_no > 0),
    text         text        NOT NULL,
    published_at timestamptz NOT NULL,
    CONSTRAINT pk_policies PRIMARY KEY (loop_id, policy_no)
);

ALTER TABLE ledger.publications ADD COLUMN policy_no integer NOT NULL DEFAULT 0;
ALTER TABLE ledger.publications ALTER COLUMN policy_no DROP DEFAULT;

-- A log's later keys. The key before goes on signing beside the new one until old_signs_until, so that witnesses and
-- readers have time to learn the new one; a leaked key stops at once.
CREATE TABLE ledger.key_changes (
    loop_id         integer     NOT NULL REFERENCES market.loops (id),
    key_no          integer     NOT NULL CHECK (key_no > 0),
    vkey            text        NOT NULL,
    changed_at      timestamptz NOT NULL,
    old_signs_until timestamptz NOT NULL,
    reason          text        NOT NULL,
    CONSTRAINT pk_key_changes PRIMARY KEY (loop_id, key_no)
);

-- Alarms of a log, each raised and ended: signing (while raised, nothing is signed), quorum, key, and witnesses by name.
ALTER TABLE ledger.incidents RENAME COLUMN halts TO is_raised;
ALTER TABLE ledger.incidents
    ADD COLUMN topic text NOT NULL DEFAULT 'signing',
    ADD COLUMN cause text NOT NULL DEFAULT '',
    ADD COLUMN evidence text;
ALTER TABLE ledger.incidents ALTER COLUMN topic DROP DEFAULT, ALTER COLUMN cause DROP DEFAULT;
CREATE INDEX ix_incidents_topic ON ledger.incidents (loop_id, topic, incident_id DESC);

-- How each witness answered last. State, not history: overwritten with each call.
CREATE TABLE ledger.witness_calls (
    loop_id       integer     NOT NULL,
    witness_key   text        NOT NULL,
    asked_at      timestamptz NOT NULL,
    problem       text,
    cosigned_size bigint,
    cosigned_at   timestamptz,
    CONSTRAINT pk_witness_calls PRIMARY KEY (loop_id, witness_key)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['witness_rules', 'policies', 'key_changes']
    LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger.%I FOR EACH ROW EXECUTE FUNCTION market.refuse_change()', name);
        EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ledger.%I FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change()', name);
    END LOOP;
END $$;
