-- Run by the owner after each migration; running it again changes nothing. {app} is the application's role.
GRANT USAGE ON SCHEMA ledger TO {app};
REVOKE ALL ON ALL TABLES IN SCHEMA ledger FROM {app};
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA ledger TO {app};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA ledger TO {app};
GRANT DELETE ON ledger.pending TO {app};
GRANT UPDATE ON ledger.edges TO {app};
GRANT UPDATE ON ledger.witness_calls TO {app};
