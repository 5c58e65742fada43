-- What members agree to, propose and decide, and what they raise money for.

-- The records of the community as the ledger commits to them.
CREATE TABLE market.community_records (
    loop_id integer NOT NULL REFERENCES market.loops (id),
    record_key text NOT NULL,
    -- 9 vote, 24 agreement, 25 proposal, 27 decision: as the ledger numbers them.
    kind smallint NOT NULL,
    -- Whose secret salts it; 0 for the loop's own.
    member_id integer NOT NULL,
    canonical bytea NOT NULL,
    at timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    batch_position integer NOT NULL,
    CONSTRAINT pk_community_records PRIMARY KEY (loop_id, record_key));

-- What members are asked to agree to, where a loop has words of its own.
CREATE TABLE market.agreement_texts (
    loop_id integer NOT NULL REFERENCES market.loops (id),
    -- 1 proofs count between members, 2 use of data beyond what billing needs.
    topic smallint NOT NULL CHECK (topic IN (1, 2)),
    version integer NOT NULL CHECK (version > 1),
    en text NOT NULL,
    de text NOT NULL,
    fr text NOT NULL,
    set_by uuid,
    set_at timestamptz NOT NULL,
    CONSTRAINT pk_agreement_texts PRIMARY KEY (loop_id, topic, version));
CREATE TABLE market.agreements (
    loop_id integer NOT NULL,
    member_id integer NOT NULL,
    topic smallint NOT NULL CHECK (topic IN (1, 2)),
    number integer NOT NULL CHECK (number > 0),
    version integer NOT NULL,
    language text NOT NULL,
    text_hash bytea NOT NULL,
    agrees boolean NOT NULL,
    account_id uuid NOT NULL,
    signature_id bigint NOT NULL,
    record_key text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_agreements PRIMARY KEY (loop_id, member_id, topic, number),
    CONSTRAINT fk_agreements_members FOREIGN KEY (loop_id, member_id) REFERENCES market.members (loop_id, id),
    CONSTRAINT fk_agreements_signatures FOREIGN KEY (loop_id, signature_id) REFERENCES market.signatures (loop_id, id),
    CONSTRAINT fk_agreements_records FOREIGN KEY (loop_id, record_key) REFERENCES market.community_records (loop_id, record_key));

-- How a loop governs itself. Without a row: one member, one vote; more yes than no of at least half; the operator decides, members propose.
CREATE TABLE market.constitutions (
    loop_id integer NOT NULL REFERENCES market.loops (id),
    version integer NOT NULL CHECK (version > 0),
    -- 1 by member, 2 by share, 3 by energy.
    weight smallint NOT NULL CHECK (weight BETWEEN 1 AND 3),
    -- Null: a simple majority.
    majority_numerator integer,
    majority_denominator integer,
    quorum_numerator integer NOT NULL,
    quorum_denominator integer NOT NULL,
    least_days integer NOT NULL CHECK (least_days BETWEEN 1 AND 90),
    -- What the members keep to themselves.
    areas smallint[] NOT NULL,
    -- Who alone votes while the loop is being founded; empty: every member.
    founders integer[] NOT NULL CHECK (cardinality(founders) = 0 OR cardinality(founders) >= 3),
    proposal integer,
    set_by uuid,
    set_at timestamptz NOT NULL,
    CONSTRAINT pk_constitutions PRIMARY KEY (loop_id, version),
    CONSTRAINT constitutions_fractions CHECK (quorum_numerator BETWEEN 0 AND quorum_denominator AND quorum_denominator > 0
        AND (majority_numerator IS NULL) = (majority_denominator IS NULL) AND (majority_numerator IS NULL OR majority_numerator * 2 > majority_denominator AND majority_numerator <= majority_denominator)));

CREATE TABLE market.proposals (
    loop_id integer NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    submission_id uuid NOT NULL,
    kind smallint NOT NULL,
    member_id integer NOT NULL,
    account_id uuid NOT NULL,
    -- What would change, field by field, and how each stood then: JSON objects of texts.
    change text NOT NULL,
    before text NOT NULL,
    constitution integer NOT NULL,
    majority_numerator integer,
    majority_denominator integer,
    quorum_numerator integer NOT NULL,
    quorum_denominator integer NOT NULL,
    weight smallint NOT NULL,
    opened_at timestamptz NOT NULL,
    -- On the market clock.
    opens_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    takes_effect_at timestamptz NOT NULL,
    record_key text NOT NULL,
    CONSTRAINT pk_proposals PRIMARY KEY (loop_id, number),
    CONSTRAINT ux_proposals_submission UNIQUE (loop_id, submission_id),
    CONSTRAINT fk_proposals_members FOREIGN KEY (loop_id, member_id) REFERENCES market.members (loop_id, id),
    CONSTRAINT fk_proposals_records FOREIGN KEY (loop_id, record_key) REFERENCES market.community_records (loop_id, record_key),
    CONSTRAINT proposals_times CHECK (opens_at < closes_at AND closes_at <= takes_effect_at));
CREATE TABLE market.proposal_voters (
    loop_id integer NOT NULL,
    proposal integer NOT NULL,
    member_id integer NOT NULL,
    weight bigint NOT NULL CHECK (weight >= 0),
    CONSTRAINT pk_proposal_voters PRIMARY KEY (loop_id, proposal, member_id),
    CONSTRAINT fk_proposal_voters FOREIGN KEY (loop_id, proposal) REFERENCES market.proposals (loop_id, number));
CREATE TABLE market.votes (
    loop_id integer NOT NULL,
    proposal integer NOT NULL,
    member_id integer NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    -- 1 yes, 2 no, 3 abstains.
    choice smallint NOT NULL CHECK (choice BETWEEN 1 AND 3),
    account_id uuid NOT NULL,
    at timestamptz NOT NULL,
    market_at timestamptz NOT NULL,
    signature_id bigint NOT NULL,
    record_key text NOT NULL,
    CONSTRAINT pk_votes PRIMARY KEY (loop_id, proposal, member_id, number),
    CONSTRAINT fk_votes_voters FOREIGN KEY (loop_id, proposal, member_id) REFERENCES market.proposal_voters (loop_id, proposal, member_id),
    CONSTRAINT fk_votes_signatures FOREIGN KEY (loop_id, signature_id) REFERENCES market.signatures (loop_id, id),
    CONSTRAINT fk_votes_records FOREIGN KEY (loop_id, record_key) REFERENCES market.community_records (loop_id, record_key));
CREATE TABLE market.proposal_decisions (
    loop_id integer NOT NULL,
    proposal integer NOT NULL,
    -- 1 accepted, 2 rejected, 3 no quorum.
    outcome smallint NOT NULL CHECK (outcome BETWEEN 1 AND 3),
    yes bigint NOT NULL,
    no bigint NOT NULL,
    abstained bigint NOT NULL,
    weight bigint NOT NULL,
    voters integer NOT NULL,
    voted integer NOT NULL,
    quorum_at bigint NOT NULL,
    majority_at bigint NOT NULL,
    at timestamptz NOT NULL,
    record_key text NOT NULL,
    CONSTRAINT pk_proposal_decisions PRIMARY KEY (loop_id, proposal),
    CONSTRAINT fk_proposal_decisions FOREIGN KEY (loop_id, proposal) REFERENCES market.proposals (loop_id, number));
-- What became of an accepted proposal: it took effect, or could not any more.
CREATE TABLE market.proposal_effects (
    loop_id integer NOT NULL,
    proposal integer NOT NULL,
    done boolean NOT NULL,
    words text NOT NULL,
    at timestamptz NOT NULL,
    record_key text NOT NULL,
    CONSTRAINT pk_proposal_effects PRIMARY KEY (loop_id, proposal),
    CONSTRAINT fk_proposal_effects FOREIGN KEY (loop_id, proposal) REFERENCES market.proposal_decisions (loop_id, proposal));
-- What people write. It may name people, so it is in no record and can be erased. Number 0 is why it is proposed, -1 the name of whom to admit.
CREATE TABLE market.proposal_comments (
    loop_id integer NOT NULL,
    proposal integer NOT NULL,
    number integer NOT NULL,
    submission_id uuid NOT NULL,
    member_id integer NOT NULL,
    account_id uuid NOT NULL,
    at timestamptz NOT NULL,
    text text NOT NULL CHECK (length(text) <= 4000),
    CONSTRAINT pk_proposal_comments PRIMARY KEY (loop_id, proposal, number),
    CONSTRAINT ux_proposal_comments UNIQUE (loop_id, proposal, submission_id, number),
    CONSTRAINT fk_proposal_comments FOREIGN KEY (loop_id, proposal) REFERENCES market.proposals (loop_id, number));
CREATE INDEX ix_proposal_comments_member ON market.proposal_comments (loop_id, member_id);

-- Money raised from members for a plant.
CREATE TABLE market.campaigns (
    loop_id integer NOT NULL,
    id integer NOT NULL CHECK (id > 0),
    submission_id uuid NOT NULL,
    plant_code text NOT NULL,
    owner_id integer NOT NULL,
    -- 1 equity, 2 loan, 3 reward, 4 donation.
    kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 4),
    title text NOT NULL CHECK (length(title) BETWEEN 3 AND 120),
    words text NOT NULL CHECK (length(words) <= 4000),
    target bigint NOT NULL CHECK (target > 0),
    least_pledge bigint NOT NULL CHECK (least_pledge > 0),
    revenue_per_year bigint NOT NULL,
    share_millionths integer NOT NULL CHECK (share_millionths BETWEEN 0 AND 1000000),
    interest_basis_points integer NOT NULL CHECK (interest_basis_points BETWEEN 0 AND 10000),
    years integer NOT NULL CHECK (years BETWEEN 1 AND 50),
    -- On the market clock.
    opens_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    opened_by uuid,
    CONSTRAINT pk_campaigns PRIMARY KEY (loop_id, id),
    CONSTRAINT ux_campaigns_submission UNIQUE (loop_id, submission_id),
    CONSTRAINT fk_campaigns_plants FOREIGN KEY (loop_id, plant_code) REFERENCES market.plants (loop_id, code),
    CONSTRAINT campaigns_times CHECK (opens_at < closes_at));
CREATE TABLE market.campaign_pledges (
    loop_id integer NOT NULL,
    campaign_id integer NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    submission_id uuid NOT NULL,
    member_id integer NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    -- The movement of the member's account that brought it.
    receipt_id bigint NOT NULL,
    signature_id bigint NOT NULL,
    account_id uuid NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_campaign_pledges PRIMARY KEY (loop_id, campaign_id, number),
    CONSTRAINT ux_campaign_pledges_submission UNIQUE (loop_id, submission_id),
    CONSTRAINT fk_campaign_pledges_campaigns FOREIGN KEY (loop_id, campaign_id) REFERENCES market.campaigns (loop_id, id),
    CONSTRAINT fk_campaign_pledges_receipts FOREIGN KEY (loop_id, receipt_id) REFERENCES market.money_receipts (loop_id, id),
    CONSTRAINT fk_campaign_pledges_signatures FOREIGN KEY (loop_id, signature_id) REFERENCES market.signatures (loop_id, id));
CREATE INDEX ix_campaign_pledges_member ON market.campaign_pledges (loop_id, member_id);
CREATE TABLE market.campaign_results (
    loop_id integer NOT NULL,
    campaign_id integer NOT NULL,
    reached boolean NOT NULL,
    pledged bigint NOT NULL,
    words text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_campaign_results PRIMARY KEY (loop_id, campaign_id),
    CONSTRAINT fk_campaign_results FOREIGN KEY (loop_id, campaign_id) REFERENCES market.campaigns (loop_id, id));

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['community_records', 'agreement_texts', 'agreements', 'constitutions', 'proposals', 'proposal_voters', 'votes', 'proposal_decisions',
        'proposal_effects', 'campaigns', 'campaign_pledges', 'campaign_results']
    LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.%I FOR EACH ROW EXECUTE FUNCTION market.refuse_change()', name);
        EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.%I FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change()', name);
    END LOOP;
END $$;
