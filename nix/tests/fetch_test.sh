# nix/fetch against mirrors on loopback.
. "$(dirname "$0")/lib.sh"

mkdir -p "$t/packages" "$t/www/mirror/pool" "$t/www/archive/20200101T000000Z/pool"
for p in on-mirror on-mirror-too in-archive nowhere changed; do echo "$p $unique" >"$t/packages/$p"; done
lock "$t/packages" >"$t/lock.json"
put() { cp "$t/packages/$1" "$t/www/$2/pool/$1_1.0.deb"; }
put on-mirror mirror
put on-mirror-too mirror
put in-archive archive/20200101T000000Z
echo other >"$t/www/mirror/pool/changed_1.0.deb"
serve "$t/www"

unset RULES_ESP32_MIRROR RULES_ESP32_SNAPSHOT RULES_ESP32_CACHE RULES_ESP32_CACHE_ONLY
fetch() { "$nix/fetch" --lock "$t/lock.json" "$@"; }
mirror="--mirror $url/mirror"
archive="--snapshot $url/archive"
nobody=http://127.0.0.1:1

expect "fetch: from the mirror" 0 "packages to download: 2 " fetch $mirror $archive fetch.on-mirror fetch.on-mirror-too
expect "fetch: what is in the store is not asked for" 0 '^$' fetch --mirror $nobody --snapshot $nobody fetch.on-mirror fetch.on-mirror-too
expect "fetch: from the archive what the mirror lacks" 0 "does not have: 1; trying the snapshot archive, $url/archive/20200101T000000Z" \
  fetch $mirror $archive fetch.in-archive
expect "fetch: in neither" 3 "cannot get nowhere 1.0 (pool/nowhere_1.0.deb).*$url/mirror: HTTP error 404.*$url/archive/20200101T000000Z: HTTP error 404.*nix/update-lock --output" \
  fetch $mirror $archive fetch.nowhere
expect "fetch: not on the mirror, and the archive cannot be reached" 3 "mirror has moved on" fetch $mirror --snapshot $nobody fetch.nowhere
expect "fetch: not the pinned file" 5 "cannot get changed 1.0.*$url/mirror: not the pinned file.*RULES_ESP32_MIRROR=URL" fetch $mirror $archive fetch.changed
expect "fetch: no network" 4 "cannot get nowhere 1.0.*$nobody: .*connect.*check the network" fetch --mirror $nobody --snapshot $nobody fetch.nowhere
expect "fetch: the mirror cannot be reached, and the archive lacks the file" 4 "check the network" fetch --mirror $nobody $archive fetch.nowhere
expect "fetch: unknown attribute" 1 "attribute 'nonesuch'" fetch $mirror nonesuch
expect "fetch: no attribute" 2 "no ATTRIBUTE given" fetch $mirror
expect "fetch: no lock file" 2 "$t/none.json: cannot be read" "$nix/fetch" --lock "$t/none.json" $mirror fetch.nowhere
expect "fetch: --help" 0 "usage: nix/fetch" "$nix/fetch" --help

# the mirror in apt's settings
apt() { # contents of a settings file, its name; what mirror.nix finds
  rm -rf "$t/root"
  mkdir -p "$t/root/etc/apt/sources.list.d" "$t/root/etc/apt/mirrors"
  echo "ID=${os:-debian}" >"$t/root/etc/os-release"
  printf 'https://list.example/debian\tpriority:1\n' >"$t/root/etc/apt/mirrors/debian.list"
  [ -z "$2" ] || printf '%s\n' "$1" >"$t/root/etc/apt/$2"
  echo $(nix-instantiate --eval "$nix/mirror.nix" --argstr root "$t/root" -A mirror -A snapshot)
}
same "mirror: one-line sources" "$(apt '# deb http://no.example/debian bookworm main
deb cdrom:[Debian 12]/ bookworm main
deb [arch=amd64] https://apt.example.com bookworm main
deb http://security.example/debian-security bookworm-security main
deb   [ arch=amd64 signed-by=/x ] http://m.example/debian/ bookworm main contrib
deb http://m.example/debian/ bookworm-updates main' sources.list)" '"http://m.example/debian" ""'
same "mirror: deb822, and the archive that a comment names" "$(apt 'Types: deb
# http://s.example/archive/debian-security/20250520T000000Z
URIs: http://m.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
# http://s.example/archive/debian/20250520T000000Z
URIs: http://m.example/debian
Suites: bookworm
 bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg' sources.list.d/debian.sources)" '"http://m.example/debian" "http://s.example/archive/debian"'
same "mirror: under another name" "$(apt 'deb https://proxy.example/repository/apt bookworm main
deb https://proxy.example/repository/apt bookworm-updates main' sources.list)" '"https://proxy.example/repository/apt" ""'
same "mirror: from a list" "$(apt 'Types: deb
URIs: mirror+file:///etc/apt/mirrors/debian.list
Suites: bookworm bookworm-updates
Components: main' sources.list.d/debian.sources)" '"https://list.example/debian" ""'
same "mirror: not another distribution's" "$(os=ubuntu apt 'deb http://m.example/ubuntu noble main
deb http://m.example/ubuntu noble-updates main' sources.list)" '"" ""'
same "mirror: no apt" "$(apt "" "")" '"" ""'
same "mirror: variables win" "$(RULES_ESP32_MIRROR=http://a.example/d/ RULES_ESP32_SNAPSHOT=http://b.example apt 'deb http://m.example/debian bookworm main' sources.list)" \
  '"http://a.example/d" "http://b.example"'

# the shells that Nix's sandboxes have, on a package
deb=$(nix-build "$nix" -A fetch.busybox-static --no-out-link)
data=$(sed -n 's/^ "busyboxData": "\(.*\)",/\1/p' "$nix/debian.lock.json")
for shell in "$busybox ash" "bash" "bash --posix" "dash"; do
  command -v ${shell%% *} >/dev/null || continue
  env -i deb="$deb" out="$t/data" $shell "$nix/carve.sh"
  same "carve.sh: ${shell##*/}" "$(sha256sum <"$t/data" | cut -d' ' -f1)" "$data"
done
head -c 300000 "$deb" >"$t/cut"
expect "carve.sh: a file that is cut off" 1 '' env deb="$t/cut" out="$t/data" "$busybox" ash "$nix/carve.sh"
