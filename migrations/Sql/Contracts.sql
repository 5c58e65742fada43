-- Contracts from templates. Published templates, acts and results are evidence: added to, never changed.
CREATE TABLE market.contract_templates (
    loop_id integer NOT NULL REFERENCES market.loops (id),
    code varchar(40) NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    kind smallint NOT NULL,
    body bytea NOT NULL,
    hash bytea NOT NULL CHECK (hash = sha256(body)),
    published_at timestamptz NOT NULL,
    published_by uuid,
    canonical bytea NOT NULL,
    batch_id bigint NOT NULL,
    batch_position integer NOT NULL,
    CONSTRAINT pk_contract_templates PRIMARY KEY (loop_id, code, version));

CREATE TABLE market.contract_template_drafts (
    loop_id integer NOT NULL REFERENCES market.loops (id),
    code varchar(40) NOT NULL,
    body bytea NOT NULL,
    saved_at timestamptz NOT NULL,
    saved_by uuid,
    CONSTRAINT pk_contract_template_drafts PRIMARY KEY (loop_id, code));

CREATE TABLE market.contract_template_retirements (
    loop_id integer NOT NULL,
    code varchar(40) NOT NULL,
    version integer NOT NULL,
    at timestamptz NOT NULL,
    by uuid,
    CONSTRAINT pk_contract_template_retirements PRIMARY KEY (loop_id, code, version),
    CONSTRAINT fk_contract_template_retirements FOREIGN KEY (loop_id, code, version) REFERENCES market.contract_templates (loop_id, code, version));

CREATE TABLE market.contract_index_values (
    loop_id integer NOT NULL REFERENCES market.loops (id),
    name varchar(40) NOT NULL,
    valid_from timestamptz NOT NULL,
    millionths bigint NOT NULL CHECK (millionths > 0),
    source varchar(300) NOT NULL,
    set_at timestamptz NOT NULL,
    set_by uuid,
    CONSTRAINT pk_contract_index_values PRIMARY KEY (loop_id, name, valid_from));

CREATE TABLE market.contracts (
    loop_id integer NOT NULL REFERENCES market.loops (id),
    id bigint GENERATED ALWAYS AS IDENTITY,
    submission_id uuid NOT NULL,
    template_code varchar(40) NOT NULL,
    member_id integer NOT NULL,
    made_at timestamptz NOT NULL,
    CONSTRAINT pk_contracts PRIMARY KEY (loop_id, id),
    CONSTRAINT ux_contracts_submission UNIQUE (loop_id, submission_id),
    CONSTRAINT fk_contracts_members FOREIGN KEY (loop_id, member_id) REFERENCES market.members (loop_id, id));

CREATE TABLE market.contract_parties (
    loop_id integer NOT NULL,
    contract_id bigint NOT NULL,
    role varchar(40) NOT NULL,
    member_id integer NOT NULL,
    CONSTRAINT pk_contract_parties PRIMARY KEY (loop_id, contract_id, role),
    CONSTRAINT ux_contract_parties_member UNIQUE (loop_id, contract_id, member_id),
    CONSTRAINT fk_contract_parties_contracts FOREIGN KEY (loop_id, contract_id) REFERENCES market.contracts (loop_id, id),
    CONSTRAINT fk_contract_parties_members FOREIGN KEY (loop_id, member_id) REFERENCES market.members (loop_id, id));
CREATE INDEX ix_contract_parties_member ON market.contract_parties (loop_id, member_id, contract_id);

CREATE TABLE market.contract_acts (
    loop_id integer NOT NULL,
    contract_id bigint NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 11),
    member_id integer NOT NULL,
    done_by uuid,
    at timestamptz NOT NULL,
    market_at timestamptz NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    template_version integer NOT NULL,
    parameter_values text NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    signature_id bigint,
    canonical bytea NOT NULL,
    batch_id bigint NOT NULL,
    batch_position integer NOT NULL,
    CONSTRAINT pk_contract_acts PRIMARY KEY (loop_id, contract_id, number),
    CONSTRAINT contract_acts_days CHECK (ends_on > starts_on),
    CONSTRAINT fk_contract_acts_contracts FOREIGN KEY (loop_id, contract_id) REFERENCES market.contracts (loop_id, id));

CREATE TABLE market.contract_notes (
    loop_id integer NOT NULL,
    contract_id bigint NOT NULL,
    number integer NOT NULL,
    member_id integer NOT NULL,
    text varchar(1000) NOT NULL,
    CONSTRAINT pk_contract_notes PRIMARY KEY (loop_id, contract_id, number),
    CONSTRAINT fk_contract_notes_acts FOREIGN KEY (loop_id, contract_id, number) REFERENCES market.contract_acts (loop_id, contract_id, number));

-- What the acts come to; notice, renewal and renegotiation move the end.
CREATE TABLE market.contract_runs (
    loop_id integer NOT NULL,
    contract_id bigint NOT NULL,
    version integer NOT NULL,
    template_code varchar(40) NOT NULL,
    template_version integer NOT NULL,
    period smallint NOT NULL,
    parameter_values text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    contract_starts_at timestamptz NOT NULL,
    evaluated_until timestamptz NOT NULL,
    exclusive_key varchar(120),
    CONSTRAINT pk_contract_runs PRIMARY KEY (loop_id, contract_id, version),
    CONSTRAINT contract_runs_span CHECK (ends_at >= starts_at),
    CONSTRAINT fk_contract_runs_contracts FOREIGN KEY (loop_id, contract_id) REFERENCES market.contracts (loop_id, id),
    CONSTRAINT fk_contract_runs_templates FOREIGN KEY (loop_id, template_code, template_version) REFERENCES market.contract_templates (loop_id, code, version));
CREATE INDEX ix_contract_runs_open ON market.contract_runs (loop_id, evaluated_until) WHERE evaluated_until < ends_at;
CREATE INDEX ix_contract_runs_exclusive ON market.contract_runs (loop_id, exclusive_key, ends_at) WHERE exclusive_key IS NOT NULL;

CREATE TABLE market.contract_results (
    loop_id integer NOT NULL,
    contract_id bigint NOT NULL,
    version integer NOT NULL,
    clause varchar(40) NOT NULL,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    payer_id integer NOT NULL,
    payee_id integer NOT NULL,
    amount bigint NOT NULL CHECK (amount % 10000 = 0),
    quantity bigint NOT NULL,
    explanation text NOT NULL,
    evaluated_at timestamptz NOT NULL,
    canonical bytea NOT NULL,
    batch_id bigint NOT NULL,
    batch_position integer NOT NULL,
    -- No clause is evaluated twice for a period.
    CONSTRAINT pk_contract_results PRIMARY KEY (loop_id, contract_id, version, clause, period_start),
    CONSTRAINT contract_results_span CHECK (period_end > period_start AND payer_id <> payee_id),
    CONSTRAINT fk_contract_results_runs FOREIGN KEY (loop_id, contract_id, version) REFERENCES market.contract_runs (loop_id, contract_id, version));
CREATE INDEX ix_contract_results_period ON market.contract_results (loop_id, period_end);
CREATE INDEX ix_contract_results_batch ON market.contract_results (loop_id, batch_id, batch_position);

CREATE TABLE market.flexibility_calls (
    loop_id integer NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    contract_id bigint NOT NULL,
    member_id integer NOT NULL,
    carrier smallint NOT NULL CHECK (carrier BETWEEN 1 AND 3),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    watts bigint NOT NULL CHECK (watts <> 0),
    called_at timestamptz NOT NULL,
    called_by uuid,
    CONSTRAINT pk_flexibility_calls PRIMARY KEY (loop_id, id),
    CONSTRAINT flexibility_calls_span CHECK (ends_at > starts_at),
    CONSTRAINT fk_flexibility_calls_contracts FOREIGN KEY (loop_id, contract_id) REFERENCES market.contracts (loop_id, id),
    CONSTRAINT fk_flexibility_calls_members FOREIGN KEY (loop_id, member_id) REFERENCES market.members (loop_id, id));
CREATE INDEX ix_flexibility_calls_member ON market.flexibility_calls (loop_id, member_id, carrier, starts_at);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['contract_templates', 'contract_template_retirements', 'contract_index_values', 'contracts', 'contract_parties', 'contract_acts', 'contract_results', 'flexibility_calls']
    LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.%I FOR EACH ROW EXECUTE FUNCTION market.refuse_change()', name);
        EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.%I FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change()', name);
    END LOOP;
END $$;
