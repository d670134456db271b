# nix/update-lock against a mirror on loopback.
. "$(dirname "$0")/lib.sh"

deb=$(nix-build "$nix" -A fetch.busybox-static --no-out-link)
cat >"$t/roots" <<ROOTS
suite one
suite two
root busybox-static
root app
without unwanted
ROOTS
index() { # suite; Packages on stdin
  mkdir -p "$t/www/dists/$1/main/binary-amd64"
  gzip -nc >"$t/www/dists/$1/main/binary-amd64/Packages.gz"
  cat >"$t/www/dists/$1/InRelease" <<RELEASE
Date: Sat, 01 Feb 2020 00:00:00 UTC
SHA256:
 $(sha256sum <"$t/www/dists/$1/main/binary-amd64/Packages.gz" | cut -d' ' -f1) 1 main/binary-amd64/Packages.gz
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
mkdir -p "$t/www/pool"
cp "$deb" "$t/www/pool/busybox-static.deb"
serve "$t/www"

# a PATH without gpgv: nobody can sign for Debian here
mkdir "$t/bin"
for tool in sh sed awk grep cut tr mktemp rm mv cat date expr gzip sha256sum dirname bash head tail nix-prefetch-url nix-instantiate; do
  ln -s "$(command -v $tool)" "$t/bin/$tool"
done
update() { PATH=$t/bin "$nix/update-lock" --roots "$t/roots" --mirror "$url" --output "$t/$1"; }

expect "update-lock: resolves" 0 "4 packages as of 20200201T000000Z" update a.json
same "update-lock: alternatives, what another provides, what is left out" "$(sed -n '/"app"/,/}/s/ *"depends": //p' "$t/a.json")" '["libc", "real"]'
same "update-lock: the first suite wins" "$(sed -n '/"libc"/,/}/s/ *"version": //p' "$t/a.json")" '"2",'
expect "update-lock: again" 0 "" update b.json
same "update-lock: gives the same again" "$(cat "$t/a.json")" "$(cat "$t/b.json")"
same "update-lock: JSON, as Nix reads it" "$(nix-instantiate --eval --expr "(builtins.fromJSON (builtins.readFile $t/a.json)).packages.busybox-static.size")" 1

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
