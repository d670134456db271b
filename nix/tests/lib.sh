# For the tests of nix/ and bazelw, which source it: a scratch folder $t, results, and a mirror on loopback.
set -u
tests=$(cd "$(dirname "$0")" && pwd -P)
nix=${tests%/tests}
root=${nix%/nix}
t=$(mktemp -d)
pids=
clean_up() {
  for pid in $pids; do kill "$pid" 2>/dev/null; done
  rm -rf "$t"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# Settings as bazelw would find them for itself.
works() { nix-build --no-out-link --argstr unique "$$ $(date +%s%N)" -E '{ unique }: derivation {
  name = "works"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo $unique >$out" ]; inherit unique; }' >/dev/null 2>&1; }
nl='
'
configured=${NIX_CONFIG:-}
for settings in "" "${nl}build-users-group =" "${nl}build-users-group =${nl}sandbox = false"; do
  export NIX_CONFIG="$configured${nl}substituters =$settings"
  ! works || break
done

ok() { echo "ok $*" | tee -a "${RESULTS:-/dev/null}"; }
not_ok() { # name; what went wrong is in $t/out
  echo "FAIL $*" | tee -a "${RESULTS:-/dev/null}"
  sed 's/^/    /' "$t/out"
}
# Runs a command: its name, the expected status, and what its output has to match (a basic regular expression; '' is anything).
expect() {
  name=$1 status=$2 pattern=$3
  shift 3
  "$@" >"$t/out" 2>&1 </dev/null
  got=$?
  if [ $got = "$status" ] && { tr '\n' ' ' <"$t/out"; echo; } | grep -q -e "$pattern"; then ok "$name"; else
    echo "(status $got, expected $status and output like: $pattern)" >>"$t/out"
    not_ok "$name"
  fi
}
same() { # name, got, wanted
  if [ "$2" = "$3" ]; then ok "$1"; else
    printf 'got:    %s\nwanted: %s\n' "$2" "$3" >"$t/out"
    not_ok "$1"
  fi
}

busybox=$(nix-build "$nix" -A busybox --no-out-link)/usr/bin/busybox

# Serves folder $1; sets url.
serve() {
  port=$((20000 + $$ % 20000))
  while :; do
    "$busybox" httpd -f -p "127.0.0.1:$port" -h "$1" 2>/dev/null &
    server=$!
    sleep 0.2
    kill -0 $server 2>/dev/null && break
    port=$((port + 1))
  done
  pids="$pids $server"
  url=http://127.0.0.1:$port
}

# A lock file, on stdout, of the packages in folder $1: PACKAGE holds what its file does. No other run has the same files.
lock() {
  printf '{\n "date": "20200101T000000Z",\n "busyboxData": "",\n "packages": {\n'
  comma=
  for file in "$1"/*; do
    printf '%s  "%s": {\n   "suite": "x",\n   "version": "1.0",\n   "path": "pool/%s_1.0.deb",\n   "size": %s,\n   "sha256": "%s",\n   "depends": []\n  }' \
      "$comma" "${file##*/}" "${file##*/}" "$(wc -c <"$file" | tr -d ' ')" "$(sha256sum <"$file" | cut -d' ' -f1)"
    comma=',
'
  done
  printf '\n }\n}\n'
}
unique="$(date +%s) $$"
