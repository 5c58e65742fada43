-- Run by the owner after each migration; running it again changes nothing. {app} is the application's role.
-- The scheduler makes and keeps its own tables.
-- A restored backup does not hold it.
CREATE SCHEMA IF NOT EXISTS quartz;
GRANT USAGE, CREATE ON SCHEMA quartz TO {app};
GRANT USAGE ON SCHEMA market TO {app};
REVOKE ALL ON ALL TABLES IN SCHEMA market FROM {app};
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA market TO {app};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA market TO {app};
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA market TO {app};
-- Whatever has an append-only trigger may be read and added to; all else may be changed.
DO $$
DECLARE
    entry record;
BEGIN
    FOR entry IN
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'market' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'migrations'
          AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'append_only')
    LOOP
        EXECUTE format('GRANT UPDATE, DELETE ON market.%I TO {app}', entry.relname);
    END LOOP;
END $$;
