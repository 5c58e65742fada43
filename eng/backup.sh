# backup and restore, with the programs that came with the server in use.
# A backup holds the database. The master key and the sign-in keys (.data/secrets.json, .data/keys) are kept apart from it on purpose:
# whoever finds the one cannot use it without the other.

# For a server of the user's own: its connection string in the words of PostgreSQL's own programs.
point_programs_at() {
  local text=$1 pair name value
  while [ -n "$text" ]; do
    if [[ $text =~ ^[[:space:]]*([^=\;]+)=[[:space:]]*\"(([^\"]|\"\")*)\"[[:space:]]*\;?(.*)$ ]]; then
      name=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]//\"\"/\"} text=${BASH_REMATCH[4]}
    elif [[ $text =~ ^[[:space:]]*([^=\;]+)=[[:space:]]*\'(([^\']|\'\')*)\'[[:space:]]*\;?(.*)$ ]]; then
      name=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]//\'\'/\'} text=${BASH_REMATCH[4]}
    else
      pair=${text%%;*}
      if [ "$pair" = "$text" ]; then text=; else text=${text#*;}; fi
      [[ $pair == *=* ]] || continue
      name=${pair%%=*} value=${pair#*=}
    fi
    name=$(tr '[:upper:]' '[:lower:]' <<<"$name" | tr -d ' _')
    value=$(sed -E 's/^ +| +$//g' <<<"$value")
    case $name in
      host | server) export PGHOST=$value ;;
      port) export PGPORT=$value ;;
      database | db) export PGDATABASE=$value ;;
      username | user | userid | uid) export PGUSER=$value ;;
      password | psw | pwd) export PGPASSWORD=$value ;;
      passfile) export PGPASSFILE=$value ;;
      sslmode) PGSSLMODE=$(sed -E 's/Verify(CA|Full)/verify-\1/I' <<<"$value" | tr '[:upper:]' '[:lower:]'); export PGSSLMODE ;;
      rootcertificate) export PGSSLROOTCERT=$value ;;
      sslcertificate) export PGSSLCERT=$value ;;
      sslkey) export PGSSLKEY=$value ;;
    esac
  done
}

open_for_programs() {
  make_data_folder
  if uses_other_server; then
    point_programs_at "${ConnectionStrings__Owner:-$ConnectionStrings__Marketplace}"
    PGBIN=$(postgres_folders | awk 'NR == 1 {print $2}')
    if [ -z "$PGBIN" ]; then
      command -v pg_dump >/dev/null && command -v pg_restore >/dev/null || die "pg_dump and pg_restore are missing: apt-get install postgresql-client"
      PGBIN=$(dirname "$(command -v pg_dump)")
    fi
  else
    install_missing database
    open_database
    export PGHOST=$SOCKETS PGDATABASE=$DATABASE PGUSER=$OWNER_ROLE
  fi
}

backup() {
  [ $# = 1 ] && [ -n "$1" ] || die "Usage: ./run backup FILE"
  local file=$1
  [ ! -d "$file" ] || die "$file is a folder; name a file."
  [ -d "$(dirname -- "$file")" ] || die "There is no folder $(dirname -- "$file")."
  open_for_programs
  # Written beside it and moved into place: a backup that is there is whole. The timers' own tables are the application's, which makes them anew.
  partial=$(mktemp -- "$file.XXXXXX") || die "Cannot write $file."
  trap 'rm -f -- "$partial"; close_cluster' EXIT
  run_child "$PGBIN/pg_dump" --format=custom --no-password --exclude-schema=quartz >"$partial" || die "The backup failed; $file was not written." 1
  sync -- "$partial"
  mv -- "$partial" "$file"
  say "Backup written to $file ($(stat -c %s -- "$file" | numfmt --to=iec)B). Keep $DATA/secrets.json and $DATA/keys as well, elsewhere: the backup does not hold them."
}

restore() {
  [ $# = 1 ] && [ -n "$1" ] || die "Usage: ./run restore FILE"
  local file=$1
  [ -f "$file" ] && [ -r "$file" ] || die "There is no file $file that can be read."
  [ "$(head -c 5 -- "$file")" = PGDMP ] || die "$file is not a backup made by ./run backup."
  open_for_programs
  local words=(--no-owner --exit-on-error --single-transaction --no-password)
  if uses_other_server; then
    # Drop and create in one transaction: after a failure everything is as before.
    run_child "$PGBIN/pg_restore" "${words[@]}" --clean --if-exists --dbname "$PGDATABASE" <"$file" || die "The restore failed; the database is as it was." 1
  else
    flock -n -x 9 || die "The marketplace is running here: stop it first."
    sql <<<"DROP DATABASE IF EXISTS ${DATABASE}_restored;"
    create_database "${DATABASE}_restored"
    run_child "$PGBIN/pg_restore" "${words[@]}" --dbname "${DATABASE}_restored" <"$file" || {
      sql <<<"DROP DATABASE ${DATABASE}_restored;"
      die "The restore failed; the database is as it was." 1
    }
    sql <<SQL
BEGIN;
ALTER DATABASE $DATABASE RENAME TO ${DATABASE}_replaced;
ALTER DATABASE ${DATABASE}_restored RENAME TO $DATABASE;
COMMIT;
DROP DATABASE ${DATABASE}_replaced;
SQL
  fi
  say "Restored from $file."
}
