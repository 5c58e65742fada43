-- What a loop says of itself in public: its legal notice, terms, privacy and contact. A change is one more version; none is ever altered.
CREATE TABLE market.public_texts (
    loop_id integer NOT NULL REFERENCES market.loops (id),
    -- 1 legal notice, 2 terms, 3 privacy, 4 contact.
    page smallint NOT NULL CHECK (page BETWEEN 1 AND 4),
    version integer NOT NULL CHECK (version > 0),
    -- Empty where the loop says nothing in that language.
    en text NOT NULL CHECK (length(en) <= 40000),
    de text NOT NULL CHECK (length(de) <= 40000),
    fr text NOT NULL CHECK (length(fr) <= 40000),
    set_by uuid,
    set_at timestamptz NOT NULL,
    CONSTRAINT pk_public_texts PRIMARY KEY (loop_id, page, version));
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.public_texts FOR EACH ROW EXECUTE FUNCTION market.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.public_texts FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change();
