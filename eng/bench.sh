# Benchmarks run on a cluster of their own with the settings of the real one, so that figures mean something and no data is touched.
bench() {
  make_data_folder
  find_dotnet
  install_missing libraries database
  build_app
  export MARKETPLACE_APP=$BUILD
  build_benchmarks
  TEMPORARY=$(mktemp -d "${TMPDIR:-/tmp}/marketplace-bench-XXXXXX")
  chmod 755 "$TEMPORARY"
  trap 'close_cluster; rm -rf "$TEMPORARY"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  open_cluster "$TEMPORARY/postgres"
  MARKETPLACE_TEST_POSTGRES=$(connection_string postgres postgres)
  export MARKETPLACE_TEST_POSTGRES
  run_child dotnet "$BUILD/Marketplace.Benchmarks.dll" "$@" || exit $?
}
