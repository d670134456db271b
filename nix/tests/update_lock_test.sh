# nix/update-lock against a mirror on loopback.
. "$(dirname "$0")/lib.sh"

deb=$(nix-build "$nix" -A fetch.busybox-static --no-out-link)
cat >"$t/roots" <<ROOTS
suite one
suite two
suite three compiler>=1.10 other>=9
root busybox-static
root app
without unwanted
ROOTS
index() { # suite, gz or xz; Packages on stdin
  local packages=main/binary-amd64/Packages.${2:-gz}
  mkdir -p "$t/www/dists/$1/main/binary-amd64"
  case $packages in *.gz) gzip -nc ;; *.xz) xz -c ;; esac >"$t/www/dists/$1/$packages"
  cat >"$t/www/dists/$1/InRelease" <<RELEASE
Date: Sat, 01 Feb 2020 00:00:00 UTC
SHA256:
 $(sha256sum <"$t/www/dists/$1/$packages" | cut -d' ' -f1) 1 $packages
RELEASE
}
package() { # name, version, dependencies, more fields
  printf 'Package: %s\nVersion: %s\nDepends: %s\nFilename: pool/%s.deb\nSize: 1\nSHA256: %064d\n%s\n' "$1" "$2" "$3" "$1" 7 "${4:+$4
}"
}
{
  package busybox-static 1 ""
  package app 2 "libc (>= 2), missing | virtual, unwanted"
  package libc 2 ""
} | index one
{
  package libc 3 ""
  package real 4 "libc:any" "Provides: virtual (= 4), more"
  package unwanted 1 "nothing-has-this"
} | index two
# what a suite has that gives some sources alone
experimental() {
  package compiler "$1" ""
  package compiler-src "$1" "" "Source: compiler (1.9)"
  package libc 9 ""
}
experimental 1.10~exp1 | index three xz
mkdir -p "$t/www/pool"
cp "$deb" "$t/www/pool/busybox-static.deb"
serve "$t/www"

# a PATH without gpgv: nobody can sign for Debian here
mkdir "$t/bin"
for tool in sh sed awk grep cut tr mktemp rm mv cat date expr gzip xz sha256sum dirname bash head tail nix-prefetch-url nix-instantiate; do
  ln -s "$(command -v $tool)" "$t/bin/$tool"
done
update() { PATH=$t/bin "$nix/update-lock" --roots "$t/roots" --mirror "$url" --output "$t/$1"; }

expect "update-lock: resolves" 0 "4 packages as of 20200201T000000Z" update a.json
same "update-lock: alternatives, what another provides, what is left out" "$(sed -n '/"app"/,/}/s/ *"depends": //p' "$t/a.json")" '["libc", "real"]'
same "update-lock: the first suite wins" "$(sed -n '/"libc"/,/}/s/ *"version": //p' "$t/a.json")" '"2",'
expect "update-lock: again" 0 "" update b.json
same "update-lock: gives the same again" "$(cat "$t/a.json")" "$(cat "$t/b.json")"
same "update-lock: JSON, as Nix reads it" "$(nix-instantiate --eval --expr "(builtins.fromJSON (builtins.readFile $t/a.json)).packages.busybox-static.size")" 1

# a suite such as experimental: for sources that are named, as long as no suite above has the version
echo "root compiler-src" >>"$t/roots"
source_of() { sed -n "/\"$1\": {/,/}/s/ *\"$2\": \"\(.*\)\",/\1/p" "$t/$3"; }
expect "update-lock: a suite for some sources" 0 "5 packages as of" update d.json
same "update-lock: takes these sources from it" "$(source_of compiler-src suite d.json) $(source_of compiler-src version d.json)" "three 1.10~exp1"
same "update-lock: and nothing else" "$(source_of libc suite d.json)" one
experimental 1.9.3 | index one
expect "update-lock: an older version above" 1 "no suite has busybox-static" update e.json
{
  package busybox-static 1 ""
  package app 2 "libc"
  experimental 1.9.3
} | index one
expect "update-lock: an older version above" 0 "" update e.json
same "update-lock: does not count" "$(source_of compiler-src suite e.json)" three
{
  package busybox-static 1 ""
  package app 2 "libc"
  experimental 1.10.0
} | index one
expect "update-lock: the version above" 0 "" update f.json
same "update-lock: comes first" "$(source_of compiler-src suite f.json)" one
# experimental drops its files soon: the pinned one is gone, and the same command resolves to what is there now
experimental 1.12 | index three xz
{
  package busybox-static 1 ""
  package app 2 "libc"
  package libc 2 ""
} | index one
expect "update-lock: after a new upload to it" 0 "" update g.json
same "update-lock: takes the new one" "$(source_of compiler-src version g.json)" 1.12
sed -i 's/compiler>=1.10/compiler-1.10/' "$t/roots"
expect "update-lock: a source that is not understood" 1 "suite three compiler-1.10 other>=9: compiler-1.10 is not SOURCE>=VERSION" update h.json
sed -i '/^root compiler-src/d; s/compiler-1.10/compiler>=1.10/' "$t/roots"

if command -v gpgv >/dev/null && [ -e /usr/share/keyrings/debian-archive-keyring.gpg ]; then
  expect "update-lock: an index that Debian did not sign" 1 "$url/dists/one/InRelease is not signed" \
    "$nix/update-lock" --roots "$t/roots" --mirror "$url" --output "$t/c.json"
fi
package app 2 "gone" | index one
expect "update-lock: a dependency that no suite has" 1 "no suite has busybox-static" update c.json
{
  package busybox-static 1 ""
  package app 2 "gone"
} | index one
expect "update-lock: a dependency that no suite has" 1 "app depends on gone, which no suite has" update c.json
echo x >>"$t/www/dists/one/main/binary-amd64/Packages.gz"
expect "update-lock: an index that is not the one in InRelease" 1 "does not have the sha256 that InRelease names" update c.json
rm "$t/www/dists/one/InRelease"
expect "update-lock: no such suite" 1 "cannot download $url/dists/one/InRelease" update c.json
expect "update-lock: leaves no output behind" 1 "" test -e "$t/c.json"
expect "update-lock: unknown argument" 2 "unknown argument --nonesuch" "$nix/update-lock" --nonesuch
