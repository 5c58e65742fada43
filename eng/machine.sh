# What must be on the machine, and putting there what is missing. Debian, Ubuntu and their kin.

has_library() {
  local folder
  for folder in /usr/lib/*-linux-* /lib/*-linux-* /usr/lib64 /lib64 /usr/lib /usr/local/lib /usr/local/lib/*-linux-*; do
    [ -e "$folder/$1" ] && return 0
  done
  return 1
}
has_icu() { has_library libicuuc.so || compgen -G '/usr/lib*/*/libicuuc.so.*' >/dev/null || compgen -G '/usr/lib*/libicuuc.so.*' >/dev/null; }

# The browser without its own windows does the same with half the work.
find_chromium() {
  local name
  for name in "${CHROMIUM:-}" chromium-headless-shell chromium chromium-browser google-chrome; do
    [ -n "$name" ] && command -v "$name" 2>/dev/null && return 0
  done
  return 1
}

# Folders with the server's programs, newest first.
postgres_folders() {
  { command -v pg_config >/dev/null && pg_config --bindir 2>/dev/null
    compgen -G '/usr/lib/postgresql/*/bin'; compgen -G '/usr/pgsql-*/bin'; compgen -G '/usr/local/pgsql*/bin' || true; } 2>/dev/null |
    while read -r folder; do
      [ -x "$folder/postgres" ] && [ -x "$folder/initdb" ] || continue
      printf '%s %s\n' "$("$folder/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')" "$folder"
    done | sort -rn -u | awk '$1 >= 14'
}

# Each line of `missing`: what it is, then the package (or a pattern of package names, as the name differs from release to release).
missing_database() {
  [ -n "$(postgres_folders)" ] || echo "PostgreSQL|^postgresql$"
}
missing_libraries() {
  has_library libClp.so.1 || echo "Clp|^coinor-libclp1(t64)?$"
  has_icu || [ "${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-}" = 1 ] || echo "ICU|^libicu[0-9]+$"
  has_library libcrypto.so.3 || echo "OpenSSL 3|^libssl3(t64)?$"
}
# Bills become PDFs by WeasyPrint, which draws with the machine's fonts.
missing_documents() {
  command -v weasyprint >/dev/null || echo "WeasyPrint|^weasyprint$"
  compgen -G '/usr/share/fonts/truetype/*/*.ttf' >/dev/null || compgen -G '/usr/share/fonts/*/*.ttf' >/dev/null || echo "fonts|^fonts-dejavu-core$"
}
missing_browser() {
  find_chromium >/dev/null || echo "Chromium|^chromium(-headless-shell)?$"
}

# install_missing KIND…: kinds are database, libraries, documents, browser. Quiet and quick when nothing is missing.
install_missing() {
  local kind missing="" names sudo=""
  for kind in "$@"; do missing+="$("missing_$kind")"$'\n'; done
  missing=$(grep . <<<"$missing" || true)
  [ -n "$missing" ] || return 0
  names=$(cut -d'|' -f1 <<<"$missing" | paste -sd, | sed 's/,/, /g')
  local by_hand="$names missing. Install by hand: apt-get install $(cut -d'|' -f2 <<<"$missing" | sed -E 's/^\^//; s/\$$//; s/\((t64|-headless-shell)\)\?//; s/\[0-9\]\+/72/' | paste -sd' ')"
  command -v apt-get >/dev/null || die "$by_hand (or this system's own packages of it)"
  if ! is_root; then
    if ! command -v sudo >/dev/null; then die "$by_hand (as root)"; fi
    if sudo -n true 2>/dev/null; then sudo="sudo -n"
    elif [ -t 0 ] && [ "${CI:-}" != true ]; then sudo="sudo"
    else die "$by_hand (as root; sudo asks for a password here)"; fi
  fi
  say "Installing what is missing: $names."
  mkdir -p "$DATA"
  local log="$DATA/install.log"
  $sudo env DEBIAN_FRONTEND=noninteractive bash -s -- "$(cut -d'|' -f2 <<<"$missing" | paste -sd' ')" >"$log" 2>&1 <<'AS_ROOT' || { tail -5 "$log" >&2; die "Installing failed; all of it is in $log."; }
set -euo pipefail
export LC_ALL=C.UTF-8
apt() { apt-get -y -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null; }
apt update || echo "Package lists could not all be refreshed; trying with those there."
packages=()
for pattern in $1; do
  found=$(apt-cache --names-only search "$pattern" | awk '{print $1}' | sort -V | tail -1)
  packages+=("${found:-$(sed -E 's/[$^()?]//g; s/t64$//' <<<"$pattern")}")
done
# Debian makes and starts a cluster of the system's own with the server. We asked for none: ours is private.
no_main=/etc/postgresql-common/createcluster.d/marketplace-install.conf
case " ${packages[*]} " in *" postgresql "*)
  mkdir -p "${no_main%/*}"; trap 'rm -f "$no_main"' EXIT; echo "create_main_cluster = false" > "$no_main";;
esac
apt install --no-install-recommends "${packages[@]}"
AS_ROOT
  missing=""
  for kind in "$@"; do missing+="$("missing_$kind")"; done
  [ -z "$missing" ] || die "Still missing after installing: $(cut -d'|' -f1 <<<"$missing" | paste -sd' '). See $log."
}
