-- Looking for members, meters and documents by the beginnings of words. Built in: needs no extension.
-- What counts as a word is said once, so that a text and a question about it are cut the same way. Its cost is stated, and it is not inlined:
-- otherwise a table without statistics is read row by row in place of its index.
CREATE FUNCTION market.search_words(value text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 2000 AS $$
BEGIN
    RETURN to_tsvector('pg_catalog.simple'::regconfig, regexp_replace(lower(value), '[^[:alnum:]]+', ' ', 'g'));
END $$;

-- Every word begins something. A short number is also looked for as documents write it, with zeros in front. Null where there is no word.
CREATE FUNCTION market.search_query(value text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT to_tsquery('pg_catalog.simple'::regconfig, string_agg(
            CASE WHEN word ~ '^[0-9]{1,5}$' THEN '(' || word || ':* | ' || lpad(word, 6, '0') || ')' ELSE word || ':*' END, ' & '))
        FROM regexp_split_to_table(trim(regexp_replace(lower(value), '[^[:alnum:]]+', ' ', 'g')), ' ') AS word WHERE word <> '');

CREATE INDEX ix_members_search ON market.members USING gin (market.search_words(name || ' ' || key));
CREATE INDEX ix_meters_search ON market.meters USING gin (market.search_words(code || ' ' || coalesce(plant_code, '')));
CREATE INDEX ix_bills_search ON market.bills USING gin (market.search_words(number));
