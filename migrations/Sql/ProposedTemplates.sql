-- What a proposal to publish or retire a template speaks of, as it was then: those who vote read the same to the end, whatever becomes of the draft.
CREATE TABLE market.proposed_templates (
    loop_id integer NOT NULL,
    proposal integer NOT NULL,
    code varchar(40) NOT NULL,
    -- As it would be published, or the version that would be taken off offer.
    version integer NOT NULL CHECK (version > 0),
    retires boolean NOT NULL,
    body bytea NOT NULL,
    -- The last version then, which it is compared with.
    former bytea,
    CONSTRAINT pk_proposed_templates PRIMARY KEY (loop_id, proposal),
    CONSTRAINT fk_proposed_templates_proposals FOREIGN KEY (loop_id, proposal) REFERENCES market.proposals (loop_id, number));
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.proposed_templates FOR EACH ROW EXECUTE FUNCTION market.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.proposed_templates FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change();
