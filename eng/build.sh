# Builds what is to run, only when its sources changed. Each build lies in a folder of its own, so that a program already
# running keeps its files; .data/NAME leads to the newest. File descriptor 7 is the build lock, 6 says that a build is in use.

# fingerprint PATH…: changes when a source file's name, size or time does.
fingerprint() {
  { (cd "$ROOT" && find "$@" Directory.Build.props Directory.Build.targets Directory.Packages.props global.json .editorconfig \
      \( -name bin -o -name obj \) -prune -o -type f -printf '%p %s %T@\n' 2>/dev/null | LC_ALL=C sort) || true
    printf '%s\n' "${RequiresAspNetWebAssets:-}"; } | sha256sum | cut -c1-16
}

# One compiler serves all projects of a build, which halves its time, and ends with it: the build leaves no server of its own behind,
# and holds none of our locks.
dotnet_build() {
  local status=0 compiler=marketplace-$$ file
  dotnet "$@" -v quiet -clp:NoSummary -nologo -nodeReuse:false -p:UseSharedCompilation=true "-p:SharedCompilationId=$compiler" 5>&- 6>&- 7>&- 8>&- 9>&- </dev/null || status=$?
  for file in $(grep -ls -- "-pipename:$compiler" /proc/[0-9]*/cmdline || true); do
    ! grep -qs VBCSCompiler "$file" || kill "$(basename "$(dirname "$file")")" 2>/dev/null || true
  done
  rm -f "${TMPDIR:-/tmp}/$compiler" # its socket
  return "$status"
}
show_build_errors() {
  { grep -E '(error|warning) [A-Z]+[0-9]+' "$1" || tail -20 "$1"; } | sed -E 's/ \[[^]]*\]$//' | sort -u | head -20 >&2
}

# build NAME PROJECT SOURCE…: sets BUILD to the folder with the published program.
build() {
  local name=$1 project=$2 stamp old log="$DATA/build.log"
  shift 2
  stamp=$(fingerprint "$@")
  BUILD=$DATA/builds/$name-$stamp
  if [ ! -f "$BUILD/.complete" ]; then
    find_dotnet
    make_data_folder
    (cd "$ROOT" && dotnet --version >/dev/null 2>&1) || die "The .NET SDK 10 is missing (only a runtime, or another version, is here): install it from https://dotnet.microsoft.com/download/dotnet/10.0 and run this again."
    mkdir -p "$DATA/builds"
    exec 7>"$DATA/build.lock"
    flock 7
    stamp=$(fingerprint "$@")
    BUILD=$DATA/builds/$name-$stamp
    if [ ! -f "$BUILD/.complete" ]; then
      say "Building $project (the first time takes a minute or two)."
      rm -rf "$BUILD" "$BUILD.new"
      # Relative to the project: an absolute path with a comma or a semicolon would be taken apart.
      if ! (cd "$ROOT" && dotnet_build publish "$project" -c Release "-p:PublishDir=../../.data/builds/$name-$stamp.new/") >"$log" 2>&1; then
        show_build_errors "$log"
        die "The build failed; all of it is in $log." 1
      fi
      touch "$BUILD.new/.complete"
      mv "$BUILD.new" "$BUILD"
      for old in "$DATA/builds/$name"-*; do
        [ "$old" = "$BUILD" ] || flock -n "$old/.complete" rm -rf "$old" 2>/dev/null || true
      done
    fi
    ln -sfn "builds/$name-$stamp" "$DATA/$name"
    exec 7>&-
  fi
  exec 6<"$BUILD/.complete"
  flock -s 6
}

build_app() { build app src/Marketplace.Web src migrations wwwroot appsettings.json appsettings.Development.json appsettings.Production.json; }
build_auditor() { build auditor src/Marketplace.Auditor src/Marketplace.Auditor src/Marketplace.Native src/Marketplace.Quantities src/Marketplace.Ledger src/Marketplace.Market src/Marketplace.Metering src/Marketplace.Replica src/BannedSymbols.txt src/BannedSymbols.Host.txt; }
build_benchmarks() { build benchmarks tests/Marketplace.Benchmarks src migrations wwwroot appsettings.json tests/Marketplace.Benchmarks tests/Marketplace.Testing; }
