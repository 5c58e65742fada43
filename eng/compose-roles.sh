#!/bin/bash
# Run once by the PostgreSQL image when its data folder is new: the two roles, and the database that one of them owns.
set -euo pipefail
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -v owner="$OWNER_PASSWORD" -v app="$APP_PASSWORD" <<'SQL'
CREATE ROLE marketplace_owner LOGIN PASSWORD :'owner';
CREATE ROLE marketplace_app LOGIN PASSWORD :'app';
CREATE DATABASE marketplace OWNER marketplace_owner;
REVOKE ALL ON DATABASE marketplace FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE marketplace TO marketplace_app;
\connect marketplace
ALTER SCHEMA public OWNER TO marketplace_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
SQL
