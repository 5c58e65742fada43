# A private PostgreSQL cluster on a Unix socket: no port, nothing shared with the system's own clusters.
#
#   CLUSTER/data      the database files            CLUSTER/log      the server's words, a file for each weekday
#   CLUSTER/lock      held while starting/stopping  CLUSTER/users    held shared by each user: the last one out stops the server
#
# The server runs as the owner of CLUSTER (as root: the user postgres, which PostgreSQL insists on). The socket lies in a folder only
# that user and root can enter, and the server asks the kernel who is calling (peer), so no password is needed or kept.
# File descriptors: 8 is the start lock, 9 the users' lock. Children of ours inherit 9 and so keep the server alive; the server must not.

DATABASE=marketplace
OWNER_ROLE=marketplace_owner
APP_ROLE=marketplace_app

as_server() {
  if [ "$(id -un)" = "$SERVER_USER" ]; then (cd / && exec "$@" 8>&- 9>&-)
  else (cd / && exec runuser -u "$SERVER_USER" -- "$@" 8>&- 9>&-); fi
}

# choose_cluster FOLDER: sets CLUSTER and SERVER_USER; makes the folder where it is missing.
choose_cluster() {
  local wanted=$1
  if [ ! -e "$wanted" ]; then
    rm -f "$wanted" # a link that leads nowhere
    if ! is_root; then
      mkdir -m 700 "$wanted"
    else
      id postgres >/dev/null 2>&1 || die "PostgreSQL does not run as root, and there is no user postgres to run it as: add one (useradd --system postgres), or run as an ordinary user."
      # The user postgres must be able to walk there; /root and other private homes are closed to it.
      if (cd / && runuser -u postgres -- test -x "${wanted%/*}"); then
        mkdir -m 700 "$wanted"
        chown postgres: "$wanted"
      else
        local place
        place=/var/lib/marketplace/$(printf %s "$wanted" | sha256sum | cut -c1-12)
        mkdir -p -m 755 /var/lib/marketplace
        mkdir -p -m 700 "$place"
        chown postgres: "$place"
        ln -s "$place" "$wanted"
      fi
    fi
  fi
  CLUSTER=$(readlink -f "$wanted")
  SERVER_USER=$(stat -c %U "$CLUSTER")
  is_root || [ "$SERVER_USER" = "$(id -un)" ] || die "$wanted belongs to $SERVER_USER: run as that user."
  [ "$SERVER_USER" != root ] || die "$wanted belongs to root, which PostgreSQL refuses to run as: chown it to postgres."
}

# Sets PGBIN to programs that fit the cluster's files, or the newest where there are none yet.
choose_programs() {
  local major="" found
  [ ! -f "$CLUSTER/data/PG_VERSION" ] || major=$(cat "$CLUSTER/data/PG_VERSION")
  found=$(postgres_folders | awk -v major="$major" '!found && (major == "" || $1 == major) {print $2; found = 1}')
  [ -n "$found" ] || die "The database in $CLUSTER needs PostgreSQL ${major:-14 or later}, which is not here: apt-get install postgresql-${major:-15}"
  PGBIN=$found
}

# The postmaster works in its data folder, so its working directory tells it from a stranger that got its process number.
server_process() {
  local pid
  pid=$(head -1 "$CLUSTER/data/postmaster.pid" 2>/dev/null) || return 1
  [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$CLUSTER/data" ] && grep -q '^postgres\|^postmaster' "/proc/$pid/comm" && echo "$pid"
}
# Backends outlive a killed postmaster for a moment; a new one must not start beside them.
some_process_in_data() {
  local cwd
  for cwd in /proc/[0-9]*/cwd; do [ "$(readlink "$cwd" 2>/dev/null)" = "$CLUSTER/data" ] && return 0; done
  return 1
}

create_cluster() {
  as_server rm -rf "$CLUSTER/data.new"
  if ! as_server env LC_ALL=C.UTF-8 "$PGBIN/initdb" -D "$CLUSTER/data.new" -U postgres -E UTF8 --locale=C.UTF-8 --data-checksums -A peer >"$CLUSTER/initdb.log" 2>&1; then
    tail -5 "$CLUSTER/initdb.log" >&2
    die "PostgreSQL could not create its files in $CLUSTER." 1
  fi
  as_server mv "$CLUSTER/data.new" "$CLUSTER/data"
}

# A Unix socket's path may have 107 characters, and PostgreSQL and Npgsql read commas, quotes and spaces in it as their own.
choose_socket_folder() {
  SOCKETS=$CLUSTER/socket
  if [ ${#SOCKETS} -le 90 ] && [[ $SOCKETS =~ ^[A-Za-z0-9/._-]+$ ]]; then
    as_server mkdir -p -m 700 "$SOCKETS"
    return
  fi
  SOCKETS=$(cat "$CLUSTER/socket-folder" 2>/dev/null || true)
  if [ -z "$SOCKETS" ] || [ -L "$SOCKETS" ] || [ "$(stat -c '%U %a' "$SOCKETS" 2>/dev/null)" != "$SERVER_USER 700" ]; then
    SOCKETS=$(as_server mktemp -d /tmp/marketplace-XXXXXXXX)
    echo "$SOCKETS" >"$CLUSTER/socket-folder"
  fi
}

# write_settings LINES: sized for a small machine; LINES come last and win.
write_settings() {
  # Only these people reach the socket at all; which role each may take is said here once more.
  local person
  {
    for person in $(printf '%s\n' root "$SERVER_USER" | sort -u); do
      printf 'marketplace %s %s\n' "$person" postgres "$person" "$OWNER_ROLE" "$person" "$APP_ROLE"
    done
  } | as_server tee "$CLUSTER/data/pg_ident.conf" >/dev/null
  echo 'local all all peer map=marketplace' | as_server tee "$CLUSTER/data/pg_hba.conf" >/dev/null
  as_server tee "$CLUSTER/data/marketplace.conf" >/dev/null <<SETTINGS
listen_addresses = ''
unix_socket_directories = '$SOCKETS'
unix_socket_permissions = 0700
cluster_name = 'marketplace'
max_connections = 200
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
random_page_cost = 1.1
jit = off
wal_compression = on
min_wal_size = 256MB
max_wal_size = 2GB
checkpoint_timeout = 15min
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
logging_collector = on
log_directory = '../log'
log_filename = '%a.log'
log_rotation_age = 1d
log_truncate_on_rotation = on
log_line_prefix = '%m [%p] %q%u '
$1
SETTINGS
  grep -q '^include_if_exists = .marketplace.conf.' "$CLUSTER/data/postgresql.conf" ||
    echo "include_if_exists = 'marketplace.conf'" | as_server tee -a "$CLUSTER/data/postgresql.conf" >/dev/null
}

last_words() {
  { tail -n 5 "$CLUSTER/start.log"; tail -q -n 5 "$CLUSTER"/log/"$(LC_ALL=C date -u +%a)".log; } 2>/dev/null >&2 || true
}

start_server() {
  local settings=$1 tries
  if server_process >/dev/null; then
    SOCKETS=
  else
    for tries in $(seq 100); do some_process_in_data || break; sleep 0.1; done
    ! some_process_in_data || die "Parts of a killed PostgreSQL still run in $CLUSTER/data; end them and try again." 1
    as_server rm -f "$CLUSTER/data/postmaster.pid"
    choose_socket_folder
    write_settings "$settings"
    if ! as_server env LC_ALL=C.UTF-8 "$PGBIN/pg_ctl" start -s -w -t 300 -D "$CLUSTER/data" -l "$CLUSTER/start.log" </dev/null >/dev/null 2>&1; then
      last_words
      die "PostgreSQL did not start; its log is in $CLUSTER/log." 1
    fi
  fi
  # Where somebody was killed just after starting it, it may not answer yet, nor have written down its socket.
  for tries in $(seq 300); do
    [ -n "$SOCKETS" ] || SOCKETS=$(sed -n 5p "$CLUSTER/data/postmaster.pid")
    [ -n "$SOCKETS" ] && as_server "$PGBIN/pg_isready" -q -h "$SOCKETS" && return 0
    server_process >/dev/null || break
    sleep 0.1
  done
  last_words
  die "PostgreSQL does not answer; its log is in $CLUSTER/log." 1
}

as_superuser() { as_server env -u PGHOST -u PGPORT -u PGDATABASE -u PGUSER -u PGPASSWORD -u PGSERVICE PGOPTIONS=--client-min-messages=warning PGCONNECT_TIMEOUT=30 "$@"; }
sql() { as_superuser "$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$SOCKETS" -U postgres -d "${1:-postgres}" >/dev/null; }

create_roles() {
  sql <<SQL
SELECT 'CREATE ROLE $OWNER_ROLE LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$OWNER_ROLE') \gexec
SELECT 'CREATE ROLE $APP_ROLE LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$APP_ROLE') \gexec
SQL
}

# create_database NAME: owned by the owner; the application's role may connect and nothing more until migrations grant it.
create_database() {
  sql <<SQL
SELECT 'CREATE DATABASE $1 OWNER $OWNER_ROLE' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '$1') \gexec
REVOKE ALL ON DATABASE $1 FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE $1 TO $APP_ROLE;
SQL
  sql "$1" <<SQL
ALTER SCHEMA public OWNER TO $OWNER_ROLE;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
SQL
}

# open_cluster FOLDER [SETTINGS]: starts the server where it does not run yet, and counts this process among its users.
OPENED=
open_cluster() {
  exec 7>"$1.lock"
  flock 7
  choose_cluster "$1"
  exec 7>&-
  exec 8>"$CLUSTER/lock" 9>"$CLUSTER/users"
  OPENED=1
  flock 8
  flock -s 9
  choose_programs
  [ -f "$CLUSTER/data/PG_VERSION" ] || create_cluster
  start_server "${2:-}"
  create_roles
  flock -u 8
}

connection_string() { printf 'Host=%s;Username=%s;Database=%s' "$SOCKETS" "$2" "$1"; }

# The last one out stops the server. Called on every way out; does nothing where no cluster was opened.
close_cluster() {
  [ -n "$OPENED" ] || return 0
  OPENED=
  flock 8
  if flock -n -x 9 && server_process >/dev/null; then
    as_server "$PGBIN/pg_ctl" stop -s -m fast -w -t 120 -D "$CLUSTER/data" >/dev/null 2>&1 || say "PostgreSQL is slow to stop; it ends by itself."
  fi
  exec 9>&- 8>&-
}
