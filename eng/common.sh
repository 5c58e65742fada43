# Words for people go to standard error: standard output belongs to the command that was asked for.
# Sourced by run, test and the other scripts here, which set ROOT (the clone) and DATA (its .data folder).

say() { printf '%s\n' "$*" >&2; }

# One line, then exit status 2 (usage or input) unless another is given.
die() { say "$1"; exit "${2:-2}"; }

# A failure nobody foresaw is named rather than passed over in silence.
trap 'say "Failed in ${BASH_SOURCE[0]##*/}, line $LINENO: $BASH_COMMAND"' ERR
set -E

is_root() { [ "$(id -u)" = 0 ]; }

make_data_folder() {
  if [ ! -d "$DATA" ]; then
    mkdir -p "$DATA" 2>/dev/null || die "Cannot create $DATA: this folder belongs to $(stat -c %U "$ROOT"). Run as that user, or clone to a place of your own."
    chmod 755 "$DATA"
  fi
  [ -w "$DATA" ] || die "$DATA belongs to $(stat -c %U "$DATA"). Run as that user, or remove it to start afresh."
}

# dotnet wants a home to write to; a service or a container may have none.
find_dotnet() {
  if ! command -v dotnet >/dev/null; then
    local place
    for place in "${DOTNET_ROOT:-}" "${HOME:-}/.dotnet" /usr/share/dotnet /usr/lib/dotnet; do
      if [ -n "$place" ] && [ -x "$place/dotnet" ]; then export PATH="$place:$PATH"; break; fi
    done
  fi
  command -v dotnet >/dev/null || die "The .NET SDK 10 is missing: install it from https://dotnet.microsoft.com/download/dotnet/10.0 and run this again."
  if [ ! -w "${HOME:-/nonexistent}" ]; then export DOTNET_CLI_HOME="$DATA/home"; mkdir -p "$DOTNET_CLI_HOME"; fi
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
}

# run_child PROGRAM ARGUMENTS…: passes INT, TERM and HUP on as TERM, gives the program the time it needs to finish
# (a second signal ends it at once) and returns its exit status. If this script itself is killed, the program is told to stop.
child=
signals=0
pass_signal_on() {
  signals=$((signals + 1))
  [ -n "$child" ] || return 0
  if [ "$signals" = 1 ]; then
    say "Stopping. (Once more stops at once.)"
    kill -TERM "$child" 2>/dev/null || true
  else
    kill -KILL "$child" 2>/dev/null || true
  fi
}
run_child() {
  local status=0 latest seen
  trap pass_signal_on INT TERM HUP
  setpriv --pdeathsig TERM "$@" <&0 8>&- &
  child=$!
  while :; do
    seen=$signals
    latest=0
    wait "$child" || latest=$?
    # 127: the child had been waited for already when a late signal arrived.
    [ "$latest" = 127 ] || status=$latest
    [ "$seen" != "$signals" ] && [ "$latest" != 127 ] || break
  done
  child=
  trap - INT TERM HUP
  return "$status"
}
