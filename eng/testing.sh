# How ./test goes about it. Everything it makes lies in one temporary folder, TEMPORARY, and is gone afterwards.
# File descriptor 5 is the lock that says the folder is in use: one left behind by a killed run is cleared away by the next.

TEST_SETTINGS="fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
autovacuum = off
max_connections = 300"

passed=0 failed=0 skipped=0

make_test_folder() {
  local old
  for old in "${TMPDIR:-/tmp}"/marketplace-test-*; do
    [ -O "$old" ] && [ ! -L "$old" ] && [ -f "$old/lock" ] || continue
    (
      exec 5<"$old/lock"
      flock -n 5 || exit 0
      forget_test_cluster "$old"
      rm -rf "$old"
    ) || true
  done
  TEMPORARY=$(mktemp -d "${TMPDIR:-/tmp}/marketplace-test-XXXXXX")
  chmod 755 "$TEMPORARY"
  exec 5>"$TEMPORARY/lock"
  flock 5
  mkdir "$TEMPORARY/results"
}

# A killed run may have left its server behind; nobody needs what is in it.
forget_test_cluster() {
  local CLUSTER pid
  CLUSTER=$(readlink -f "$1/postgres") || return 0
  pid=$(server_process) || return 0
  kill -QUIT "$pid" 2>/dev/null || true
  tail --pid="$pid" -f /dev/null
}

open_test_cluster() {
  open_cluster "$TEMPORARY/postgres" "$TEST_SETTINGS"
  MARKETPLACE_TEST_POSTGRES="$(connection_string postgres postgres)"
  export MARKETPLACE_TEST_POSTGRES
}

workers=()
clean_up() {
  local worker
  for worker in "${workers[@]}"; do kill -TERM "$worker" 2>/dev/null || true; done
  wait
  if [ -n "$OPENED" ]; then
    as_server "$PGBIN/pg_ctl" stop -s -m immediate -D "$CLUSTER/data" >/dev/null 2>&1 || true
    exec 9>&- 8>&-
    OPENED=
  fi
  [ -z "${TEMPORARY:-}" ] || rm -rf "$TEMPORARY" "${SOCKETS:-/nonexistent}"
}

# One build of all that is asked for, in the configuration ./run builds too, so that each library is compiled once.
# Everything is restored even for the fast tests: the licence test looks at every package.
build_tests() {
  local log="$DATA/test-build.log" what=Marketplace.sln
  say "Building."
  exec 7>"$DATA/build.lock"
  flock 7
  if [ -n "$fast" ]; then
    what=.data/fast.slnf
    {
      printf '{ "solution": { "path": "../Marketplace.sln", "projects": ['
      for project in "${projects[@]}"; do printf '"tests\\\\%s\\\\%s.csproj",' "$project" "$project"; done | sed 's/,$//'
      printf '] } }\n'
    } >"$ROOT/$what"
  fi
  if ! (cd "$ROOT" && dotnet_build restore Marketplace.sln && dotnet_build build "$what" -c Release --no-restore) >"$log" 2>&1; then
    show_build_errors "$log"
    failed=$((failed + 1))
    say "The build failed; all of it is in $log."
    sum_up
  fi
  exec 7>&-
}

# run_tests PROJECT: a worker's whole task; leaves PROJECT.trx, .log, .notes, .status and .seconds in results.
run_tests() {
  local results="$TEMPORARY/results" project=$1 dll status=0 started=$SECONDS
  local words=(--logger:"trx;LogFileName=$project.trx" --logger:"console;verbosity=minimal" --ResultsDirectory:"$results")
  [ -z "$filter" ] || words+=(--TestCaseFilter:"FullyQualifiedName~$filter")
  dll=$(compgen -G "$ROOT/tests/$project/bin/Release/net*/$project.dll" | head -1)
  # A test that never ends is a failure too, not a build server that waits for ever.
  MARKETPLACE_TEST_NOTES=$results/$project.notes setpriv --pdeathsig TERM timeout -k 10 "${TEST_TIMEOUT:-2400}" dotnet vstest "$dll" "${words[@]}" </dev/null >"$results/$project.log" 2>&1 7>&- 8>&- || status=$?
  echo "$status" >"$results/$project.status"
  echo $((SECONDS - started)) >"$results/$project.seconds"
}

# Another's verifier of logs, which shares no code with ours: where its source lies beside this clone and Go is here or can be
# installed. Elsewhere its tests count as skipped.
build_other_verifier() {
  local source=$ROOT/../shared/tools/ledger-verifier program=$DATA/ledger-verifier
  [ -z "${LEDGER_VERIFIER:-}" ] || return 0
  if [ ! -f "$source/main.go" ]; then
    say "No other verifier of logs lies beside this clone: its tests are skipped."
    return 0
  fi
  if [ ! -x "$program" ] || [ "$source/main.go" -nt "$program" ]; then
    if [ -n "$fast" ] && ! command -v go >/dev/null; then
      say "Go is not here: the tests with the other verifier of logs are skipped."
      return 0
    fi
    say "Building the other verifier of logs."
    if ! timeout -k 10 600 sh "$source/build.sh" "$program.new" >"$DATA/ledger-verifier.log" 2>&1 </dev/null; then
      say "Go could not be installed, or did not build it: the tests with the other verifier of logs are skipped."
      return 0
    fi
    mv "$program.new" "$program"
  fi
  export LEDGER_VERIFIER=$program
}

counter() { sed -nE "s/.*<Counters [^>]*\b$2=\"([0-9]+)\".*/\1/p" "$1" | head -1; }

# One line for a project; for one that failed, what the tests said, too.
report() {
  local results="$TEMPORARY/results" project=$1 status good=0 bad=0 total=0 left=0
  status=$(cat "$results/$project.status" 2>/dev/null || echo 1)
  if [ -f "$results/$project.trx" ]; then
    good=$(counter "$results/$project.trx" passed)
    bad=$(counter "$results/$project.trx" failed)
    total=$(counter "$results/$project.trx" total)
    left=$((total - good - bad))
  fi
  local note=
  if [ "$status" != 0 ] && [ "$bad" = 0 ]; then
    bad=1
    if [ "$status" = 124 ] || [ "$status" = 137 ]; then note=" (did not end in time)"; else note=" (crashed)"; fi
  fi
  passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + left))
  printf '%-32s %5d passed %3d failed %3d skipped %4d s%s\n' "$project" "$good" "$bad" "$left" "$(cat "$results/$project.seconds" 2>/dev/null || echo 0)" "$note"
  # What a test has to say even when it passes.
  sed 's/^/    /' "$results/$project.notes" 2>/dev/null || true
  if [ "$bad" != 0 ]; then
    sed -nE 's/^ *<UnitTestResult [^>]*\btestName="([^"]*)"[^>]*\boutcome="Failed".*/    failed: \1/p' "$results/$project.trx" 2>/dev/null || true
    grep -vE '^(Microsoft \(R\)|VSTest version|Copyright|Starting test execution|A total of|Results File:|$)' "$results/$project.log" | tail -n 200 | sed 's/^/    /' || true
  fi
}

# As many projects at once as there are processors; each is reported when it is done.
run_projects() {
  local limit project
  limit=$(nproc)
  declare -A running=()
  collect() {
    local pid done_one=
    wait -n -p done_one "${!running[@]}" || true
    for pid in "${!running[@]}"; do
      if [ "$pid" = "$done_one" ] || [ -z "$done_one" ]; then
        report "${running[$pid]}"
        unset "running[$pid]"
      fi
    done
  }
  for project in "${projects[@]}"; do
    [ "${#running[@]}" -lt "$limit" ] || collect
    run_tests "$project" &
    running[$!]=$project
    workers+=($!)
  done
  while [ "${#running[@]}" != 0 ]; do collect; done
  workers=()
}

# Benchmarks at a hundredth of their size, for correctness only: each counts as a test.
run_small_benchmarks() {
  local log="$TEMPORARY/results/benchmarks.log" dll status=0 good started=$SECONDS
  dll=$(compgen -G "$ROOT/tests/Marketplace.Benchmarks/bin/Release/net*/Marketplace.Benchmarks.dll" | head -1) || return 0
  dotnet "$dll" --scale 0.01 ${filter:+"$filter"} >"$log" 2>&1 </dev/null || status=$?
  good=$(grep -c '^# passed' "$log" || true)
  printf '%-32s %5d passed %3d failed %3d skipped %4d s\n' Marketplace.Benchmarks "$good" "$((status != 0))" 0 $((SECONDS - started))
  passed=$((passed + good))
  if [ "$status" != 0 ]; then failed=$((failed + 1)); sed 's/^/    /' "$log"; fi
}

sum_up() {
  clean_up
  trap - EXIT
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ] && exit 0
  exit 1
}
