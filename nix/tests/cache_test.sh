# nix/cache, and nix/fetch and bazelw with a binary cache: a real server, Nix's own files, tiny packages.
. "$(dirname "$0")/lib.sh"
unset RULES_ESP32_BAZEL RULES_ESP32_SNAPSHOT RULES_ESP32_PINNED RULES_ESP32_CACHE RULES_ESP32_CACHE_KEY RULES_ESP32_CACHE_ONLY
export XDG_CACHE_HOME="$t/cache" # what Nix has heard about caches
nobody=http://127.0.0.1:1

chmod 755 "$t"
repo="$t/repo"
mkdir -p "$repo/nix" "$t/packages" "$t/www/mirror/pool"
cp "$root/bazelw" "$repo/"
cp "$nix/fetch" "$nix/cache" "$nix/mirror.nix" "$repo/nix/"
echo "mirror.nix
debian.lock.json" >"$repo/nix/nix-file-deps"
cat >"$repo/nix/default.nix" <<NIX
{ mirror ? (import ./mirror.nix { }).mirror
, lockFile ? ./debian.lock.json
, pypiLockFile ? null
}:
let
  lock = builtins.fromJSON (builtins.readFile lockFile);
  sh = builtins.storePath $busybox;
  make = name: script: derivation {
    inherit name; system = "x86_64-linux"; builder = sh; deb = fetch.app; preferLocalBuild = true;
    args = [ "ash" "-c" "\${sh} mkdir -p \$out/bin; \${script}; \${sh} cat \$deb >\$out/deb" ];
  };
  fetch = builtins.mapAttrs (_: p: import <nix/fetchurl.nix> {
    url = "\${mirror}/\${p.path}"; inherit (p) sha256; name = baseNameOf p.path; }) lock.packages;
  jre = make "jre" "echo java >\$out/bin/java";
in {
  inherit fetch jre;
  bazel = make "bazel" ''
    echo '#!/bin/sh
    # needs \${jre}
    [ "\$1" = --version ] && exit
    [ "\$1" = test ] && exec nix-build --no-out-link -I "nixpkgs=$repo/nix/default.nix" -E "import <nixpkgs> { }" -A qemu-xtensa
    printf "<%s>" "\$@"' >\$out/bin/bazel; \${sh} chmod +x \$out/bin/bazel'';
} // builtins.listToAttrs (map (name: { inherit name; value = make name "\${sh} seq 9999 >\$out/bin/\${name}"; })
  [ "llvm-xtensa" "rustc-xtensa" "rust-std-xtensa" "xtensa-ld" "gcc-xtensa" "binutils-xtensa" "newlib-headers-xtensa" "newlib-xtensa"
    "libgcc-xtensa" "libstdcxx-xtensa" "bindgen" "protoc" "host-sysroot" "qemu-xtensa" "esp-idf-tools"
    "rust-std-xtensa-espidf" "gdb-xtensa" "llvm-coverage" "openocd-esp32" ]) // {
  de233_fpu = builtins.listToAttrs (map (name: { inherit name; value = make "de233_fpu-\${name}" "\${sh} seq 9999 >\$out/bin/\${name}"; })
    [ "newlib-xtensa" "libgcc-xtensa" "libstdcxx-xtensa" ]);
}
NIX
echo "app $unique" >"$t/packages/app"
lock "$t/packages" >"$repo/nix/debian.lock.json"
echo "[]" >"$repo/nix/pypi.lock.json"
cp "$t/packages/app" "$t/www/mirror/pool/app_1.0.deb"
python3 "$tests/cache_server.py" "$t/www" "$t/port" &
pids="$pids $!"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -e "$t/port" ] || sleep 0.1; done
url=http://127.0.0.1:$(cat "$t/port")
export RULES_ESP32_MIRROR="$url/mirror"

for name in ours-1 theirs-1; do nix-store --generate-binary-cache-key $name "$t/$name.secret" "$t/$name.public"; done
key=$(cat "$t/ours-1.public")
cache() { "$repo/nix/cache" "$@"; }
fetch() { "$repo/nix/fetch" "$@"; }
out_of() { nix-instantiate "$repo/nix" -A "$1" 2>/dev/null | xargs nix-store --query --outputs; }
for a in bazel llvm-xtensa rustc-xtensa rust-std-xtensa xtensa-ld gcc-xtensa binutils-xtensa newlib-headers-xtensa newlib-xtensa libgcc-xtensa \
  libstdcxx-xtensa de233_fpu.newlib-xtensa de233_fpu.libgcc-xtensa de233_fpu.libstdcxx-xtensa bindgen protoc host-sysroot qemu-xtensa esp-idf-tools rust-std-xtensa-espidf \
  gdb-xtensa llvm-coverage openocd-esp32 \
  jre fetch.app; do out_of $a; done >"$t/paths"
protoc=$(out_of protoc)
# Makes this a machine that has none of it.
bare() {
  rm -rf "$repo/.bazelw" "$t/link"*
  xargs nix-store --delete --ignore-liveness <"$t/paths" >/dev/null 2>&1
}
there() { nix-store --check-validity "$1" 2>/dev/null && echo there || echo not there; }

# push
expect "cache: --help" 0 "usage: nix/cache push" cache --help
expect "cache: no command" 2 "no command given" cache
expect "cache push: no key" 2 "no --secret-key given" cache push "$url/cache"
expect "cache push: no such key" 2 "none.secret: cannot be read.*generate-binary-cache-key" cache push "$url/cache" --secret-key "$t/none.secret"
expect "cache push: a public key" 2 "is not a secret key" cache push "$url/cache" --secret-key "$t/ours-1.public"
expect "cache push: a folder's name for URL" 2 "the URL of a folder is file:///x" cache push /x --secret-key "$t/ours-1.secret"
expect "cache push: builds, copies, signs, and says what to do with it" 0 "has 24 store paths, 24 of them new, signed with ours-1.*nix/cache use $url/cache --public-key $key" \
  cache push "$url/cache" --secret-key "$t/ours-1.secret"
expect "cache push: a second time copies nothing" 0 "has 24 store paths, 0 of them new" cache push "$url/cache" --secret-key "$t/ours-1.secret"
expect "cache push: to a folder, compressed otherwise" 0 "has 1 store paths, 1 of them new" \
  cache push "file://$t/www/folder" --secret-key "$t/ours-1.secret" --compression xz protoc
same "cache push: by HTTP, or to a folder: the same signature" "$(grep -h ^Sig: "$t"/www/cache/*.narinfo | sort -u | grep -cF "$(grep -h ^Sig: "$t/www/folder/$(basename "$protoc" | cut -c 1-32).narinfo")")" 1
expect "cache push: nobody listens" 1 "could not copy to $nobody" cache push $nobody --secret-key "$t/ours-1.secret" protoc
expect "cache push: a server without PUT" 1 "does not take PUT" cache push "$url/read-only/other" --secret-key "$t/ours-1.secret" protoc
expect "cache push: a server that wants a password" 1 "netrc" cache push "$url/password/other" --secret-key "$t/ours-1.secret" protoc
printf 'machine 127.0.0.1 login user password password\n' >"$t/netrc"
expect "cache push: a password" 0 ", 1 of them new" \
  env NIX_CONFIG="$NIX_CONFIG${nl}netrc-file = $t/netrc" "$repo/nix/cache" push "$url/password/other" --secret-key "$t/ours-1.secret" protoc
if ! nix --extra-experimental-features nix-command store ping --store s3://none 2>&1 | grep -qv "don't know how"; then
  expect "cache push: S3, which this Nix does not have" 1 "built without" cache push s3://none --secret-key "$t/ours-1.secret" protoc
else
  export AWS_ACCESS_KEY_ID=user AWS_SECRET_ACCESS_KEY=password
  expect "cache push: S3" 0 ", 1 of them new" cache push "s3://bucket?scheme=http&endpoint=${url#http://}&region=x" --secret-key "$t/ours-1.secret" protoc
fi

# use
cp -r "$t/www/cache" "$t/saved"
bare
expect "cache use: looks first, then says so" 0 "take from $url/cache" cache use "$url/cache" --public-key "$key"
expect "cache settings: lines for Nix" 0 "extra-substituters = $url/cache extra-trusted-public-keys = $key fallback = true" cache settings
expect "cache use: what the key has not signed" 5 "has packages that --public-key has not signed: .*protoc" cache use "$url/cache" --public-key "$(cat "$t/theirs-1.public")"
expect "cache use: nobody listens" 1 "connect.*cannot be read as a binary cache" cache use $nobody --public-key "$key"
expect "cache use: not a cache" 1 "cannot be read as a binary cache" cache use "$url/500" --public-key "$key"
expect "cache use: no key" 2 "no --public-key given" cache use "$url/cache"
expect "cache use: not a key" 2 "is not a public key" cache use "$url/cache" --public-key ours-1:AAAA
expect "cache use: a secret key" 2 "length of a secret key" cache use "$url/cache" --public-key "$(cat "$t/ours-1.secret")"
expect "cache use: a cache that does not have all of it yet" 0 "does not have (yet): .*qemu" cache use "$url/folder" --public-key "$key"
expect "cache use: another cache" 0 "take from $url/cache" cache use "$url/cache" --public-key "$key"

# taking out of it, where no Debian mirror can be reached
expect "cache: nix/fetch, no mirror" 0 "from the binary cache $url/cache: protoc (.* KiB\|.* MiB" fetch --mirror $nobody --snapshot $nobody protoc
same "cache: the package is there, and what it was made from is not" "$(there "$protoc"), $(there "$(out_of fetch.app)")" "there, not there"
bare
expect "cache: bazelw, no mirror" 0 "from the binary cache $url/cache: .*ready after .*<build><x>" env RULES_ESP32_MIRROR=$nobody "$repo/bazelw" build x
same "cache: what bazelw needs is there, and QEMU is not" "$(there "$(out_of rustc-xtensa)"), $(there "$(out_of qemu-xtensa)")" "there, not there"
expect "cache: what Bazel builds when it needs it, no mirror" 0 "copying path '.*-qemu-xtensa'.*/.*-qemu-xtensa" env RULES_ESP32_MIRROR=$nobody "$repo/bazelw" test x
expect "cache: the second start asks nobody" 0 "^<x> *$" env RULES_ESP32_MIRROR=$nobody "$repo/bazelw" x
expect "cache forget" 0 "no binary cache is in use" cache forget
expect "cache settings: none" 0 '^$' cache settings
bare
expect "cache: none in use, no mirror" 101 "could not be made" env RULES_ESP32_MIRROR=$nobody "$repo/bazelw" x

export RULES_ESP32_CACHE="$url/cache" RULES_ESP32_CACHE_KEY="$key"
bare
expect "cache: by the environment, only the cache: QEMU too" 0 "from the binary cache $url/cache: .*qemu.*<x>" \
  env RULES_ESP32_CACHE_ONLY=1 RULES_ESP32_MIRROR=$nobody "$repo/bazelw" x
same "cache: only the cache: C and C++ libraries, for QEMU's core, too" \
  "$(for a in newlib-xtensa de233_fpu.libstdcxx-xtensa; do there "$(out_of $a)"; done | uniq -c | tr -s ' ')" " 2 there"
expect "cache: the environment, without a key" 101 "RULES_ESP32_CACHE_KEY.*only used with the public key" env RULES_ESP32_CACHE_KEY= "$repo/bazelw" x
expect "cache: only the cache, and none named" 2 "none is named" env RULES_ESP32_CACHE= RULES_ESP32_CACHE_ONLY=1 "$repo/nix/fetch" protoc
bare
expect "cache: the folder itself" 0 "from the binary cache file://$t/www/folder: protoc" env RULES_ESP32_CACHE="file://$t/www/folder" "$repo/nix/fetch" --mirror $nobody protoc
bare
expect "cache: slow" 0 "from the binary cache $url/slow/cache: protoc" env RULES_ESP32_CACHE="$url/slow/cache" "$repo/nix/fetch" --mirror $nobody protoc

# Each of these is refused, and built from the package; with --cache-only it is an error, and nothing is in the store.
narinfo="$t/www/cache/$(basename "$protoc" | cut -c 1-32).narinfo"
nar="$t/www/cache/$(sed -n 's/^URL: //p' "$narinfo")"
refused() { # name, what is said
  bare
  expect "cache, only: $1" 6 "$2.*nothing else may be used.*: protoc" fetch --mirror $nobody --cache-only protoc
  same "cache, only: $1: not in the store" "$(there "$protoc")" "not there"
  expect "cache: $1: the package instead" 0 "$2.*going on with Debian packages for protoc.*packages to download: 1" fetch --build "$t/link" protoc
  same "cache: $1: and is right" "$(cat "$t/link/deb" 2>&1)" "$(cat "$t/packages/app")"
  rm -rf "$t/www/cache"
  cp -r "$t/saved" "$t/www/cache"
}
narinfo_with() { sed -i "$1" "$narinfo"; }
damaged="REFUSED from $url/cache, damaged or tampered with: protoc"
unsigned="REFUSED from $url/cache, not signed with ours-1 as it is: protoc"
other_nar() { # puts a good archive with other contents where the package's is
  zstd -dc "$nar" 2>/dev/null | sed 's/app/APP/' >"$t/nar"
  [ -s "$t/nar" ] || return 1
  zstd -qc "$t/nar" >"$nar"
}
printf '\377' | dd of="$nar" bs=1 seek=60 conv=notrunc 2>/dev/null
refused "a byte of an archive flipped" "Nix: .*\|$damaged"
head -c 80 "$nar" >"$t/nar" && cp "$t/nar" "$nar"
refused "an archive cut off" "Nix: "
: >"$nar"
refused "an archive that is empty" "Nix: \|$damaged"
rm "$nar"
refused "an archive that is not there" "Nix: .*does not exist in binary cache"
if command -v zstd >/dev/null; then
  other_nar
  refused "an archive with other contents" "$damaged"
  other_nar
  narinfo_with "s/^NarHash: .*/NarHash: sha256:$(nix-hash --flat --type sha256 --base32 "$t/nar")/
    s/^FileHash: .*/FileHash: sha256:$(nix-hash --flat --type sha256 --base32 "$nar")/
    s/^FileSize: .*/FileSize: $(wc -c <"$nar")/"
  refused "other contents, and the hashes with them" "$unsigned"
fi
narinfo_with 's/^NarSize: /NarSize: 1/'
refused "another size in the narinfo" "$unsigned"
narinfo_with "s/^References: .*/References: $(basename "$(out_of bindgen)")/"
refused "another reference in the narinfo" "$unsigned"
narinfo_with '/^Sig: /d'
refused "no signature" "$unsigned"
narinfo_with 's/^Sig: ours-1:..../Sig: ours-1:AAAA/'
refused "a signature changed" "$unsigned"
narinfo_with "/^Sig: /d"
"$repo/nix/fetch" --cache-only protoc >/dev/null 2>&1
"$repo/nix/cache" push "file://$t/theirs" --secret-key "$t/theirs-1.secret" protoc >/dev/null 2>&1
cp "$t/theirs/${narinfo##*/}" "$narinfo"
cp -r "$t/theirs/nar" "$t/www/cache/"
refused "somebody else's signature" "$unsigned"
bindgen=$(basename "$(out_of bindgen)" | cut -c 1-32)
cp "$t/www/cache/$bindgen.narinfo" "$narinfo"
refused "the narinfo of another package" "does not have: protoc"
rm "$narinfo"
refused "no narinfo" "$url/cache does not have: protoc"
echo garbage >"$narinfo"
refused "a narinfo that is not one" "Nix: "
url_was=$url
RULES_ESP32_CACHE="$nobody"
refused "nobody listens" "Nix: unable to download .*connect"
RULES_ESP32_CACHE="$url/500"
refused "status 500" "Nix: unable to download .*500"
RULES_ESP32_CACHE="$url/password/cache"
refused "a password" "Nix: .*\(does not appear to be a binary cache\|HTTP error 401\)"
RULES_ESP32_CACHE="file://$t/nonesuch"
refused "an empty folder" "does not have: protoc"
RULES_ESP32_CACHE="$url/cache"

bare
narinfo_with '/^Sig: /d'
expect "cache: bazelw, one package refused" 0 "$unsigned.*going on with Debian packages for protoc.*packages to download: 1.*<x>" "$repo/bazelw" x
bare
expect "cache, only: bazelw, one package refused" 101 "$unsigned.*RULES_ESP32_CACHE_ONLY is set" env RULES_ESP32_CACHE_ONLY=1 "$repo/bazelw" x

# what is in the cache already is not signed unseen
fetch protoc >/dev/null 2>&1
narinfo_with 's/^NarHash: sha256:...../NarHash: sha256:00000/'
expect "cache push: the cache has something else" 5 "has another protoc than this machine: ${narinfo##*/}.*nothing more is signed" \
  cache push "$url/cache" --secret-key "$t/ours-1.secret" protoc
same "cache push: and it stays unsigned" "$(grep -c ^Sig: "$narinfo")" 0
rm "$narinfo"
expect "cache push: removed there and pushed again" 0 ", 1 of them new" cache push "$url/cache" --secret-key "$t/ours-1.secret" protoc
expect "cache push: a new key signs what is there" 0 "0 of them new, signed with theirs-1" cache push "$url/cache" --secret-key "$t/theirs-1.secret" protoc
same "cache push: both signatures" "$(sed -n 's/^Sig: \(.*\):.*/\1/p' "$narinfo" | sort | tr '\n' ' ')" "ours-1 theirs-1 "

# with nix-daemon, which asks its own settings about what its users say
if [ "$(id -u)" = 0 ] && command -v nix-daemon >/dev/null && command -v setpriv >/dev/null; then
  mkdir "$t/user"
  chown 65534 "$t/user" "$t/ours-1.secret"
  daemon() { # more settings of the daemon; leaves it running as $daemon
    rm -f "$t/socket"
    NIX_CONFIG="$NIX_CONFIG${nl}allowed-users = *${nl}$1" NIX_DAEMON_SOCKET_PATH="$t/socket" nix-daemon >"$t/daemon.log" 2>&1 &
    daemon=$!
    pids="$pids $daemon"
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -S "$t/socket" ] || sleep 0.1; done
  }
  user() {
    setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$t/user" XDG_CACHE_HOME="$t/user/cache" \
      NIX_REMOTE=daemon NIX_DAEMON_SOCKET_PATH="$t/socket" "$@"
  }
  bare
  daemon ""
  expect "cache, daemon: a user whom it does not trust" 6 "the Nix daemon takes no binary cache from this user.*extra-trusted-substituters = $url/cache" \
    user "$repo/nix/fetch" --mirror $nobody --cache-only protoc
  kill $daemon
  daemon "trusted-users = root nobody"
  expect "cache, daemon: one whom it trusts" 0 "from the binary cache $url/cache: protoc" user "$repo/nix/fetch" --mirror $nobody --cache-only protoc
  expect "cache, daemon: push" 0 "signed with ours-1" user "$repo/nix/cache" push "$url/daemon" --secret-key "$t/ours-1.secret" protoc
  kill $daemon
  bare
  daemon "extra-trusted-substituters = $url/cache${nl}extra-trusted-public-keys = $key"
  expect "cache, daemon: the administrator has allowed it" 0 "from the binary cache $url/cache: protoc" user "$repo/nix/fetch" --mirror $nobody --cache-only protoc
  bare
  printf '\377' | dd of="$nar" bs=1 seek=60 conv=notrunc 2>/dev/null
  expect "cache, daemon: an archive that is damaged" 0 "going on with Debian packages for protoc" user "$repo/nix/fetch" protoc
  kill $daemon
fi
bare

# a real package, on a machine whose /nix is empty: evaluation names the path that the cache has
case $(command -v nix-store) in /nix/*) elsewhere= ;; *) elsewhere=1 ;; esac
if [ "$(id -u)" = 0 ] && [ "$elsewhere" ]; then
  ld="$("$nix/cache" push "file://$t/real" --secret-key "$t/ours-1.secret" binutils-xtensa >"$t/out" 2>&1; nix-build "$nix" -A binutils-xtensa --no-out-link)/bin/xtensa-esp32-elf-ld"
  cat >"$t/empty" <<SH
mount -t tmpfs tmpfs /nix
"$nix/fetch" --mirror $nobody --snapshot $nobody binutils-xtensa && ls /nix/store && $ld --version
SH
  RULES_ESP32_CACHE="file://$t/real"
  expect "cache: a real package into an empty /nix, no mirror" 0 "from the binary cache file://.*: binutils-xtensa-.*-binutils-xtensa-.*GNU ld" \
    unshare --mount sh "$t/empty"
  same "cache: and no .deb was needed" "$(grep -c '[.]deb$' "$t/out")" 0
fi
