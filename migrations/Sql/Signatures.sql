-- What people signed with a second factor. A passkey's answer is kept whole, so that anybody can check it.
CREATE TABLE market.signatures (
    loop_id integer NOT NULL REFERENCES market.loops (id),
    id bigint GENERATED ALWAYS AS IDENTITY,
    member_id integer NOT NULL,
    account_id uuid NOT NULL,
    -- 1 passkey, 2 code of an authenticator app.
    method smallint NOT NULL CHECK (method IN (1, 2)),
    title text NOT NULL CHECK (length(title) <= 500),
    act_hash bytea NOT NULL CHECK (length(act_hash) = 32),
    statement bytea NOT NULL,
    credential_id bytea,
    public_key bytea,
    authenticator_data bytea,
    client_data bytea,
    signature bytea,
    at timestamptz NOT NULL,
    CONSTRAINT pk_signatures PRIMARY KEY (loop_id, id),
    -- One signature of an act by a person for a member: what was signed once cannot be used again.
    CONSTRAINT ux_signatures_act UNIQUE (loop_id, member_id, account_id, act_hash),
    CONSTRAINT fk_signatures_members FOREIGN KEY (loop_id, member_id) REFERENCES market.members (loop_id, id),
    CONSTRAINT signatures_whole CHECK ((method = 1) = (num_nonnulls(credential_id, public_key, authenticator_data, client_data, signature) = 5)
        AND (method = 2) = (num_nonnulls(credential_id, public_key, authenticator_data, client_data, signature) = 0)));
CREATE INDEX ix_signatures_account ON market.signatures (account_id);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.signatures FOR EACH ROW EXECUTE FUNCTION market.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.signatures FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change();
