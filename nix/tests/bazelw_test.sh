# bazelw in a repository of its own, whose packages and toolchains are tiny.
. "$(dirname "$0")/lib.sh"
unset RULES_ESP32_BAZEL RULES_ESP32_SNAPSHOT RULES_ESP32_PINNED RULES_ESP32_CACHE RULES_ESP32_CACHE_ONLY
unset NIX_CONFIG

repo="$t/re po" # spaces are no problem
mkdir -p "$repo/nix" "$repo/sub/folder" "$t/packages" "$t/www/mirror/pool" "$t/no-bazel" "$t/home"
cp "$root/bazelw" "$repo/"
cp "$nix/fetch" "$nix/cache" "$nix/mirror.nix" "$repo/nix/"
echo "mirror.nix
debian.lock.json" >"$repo/nix/nix-file-deps"
cat >"$repo/nix/default.nix" <<NIX
{ mirror ? (import ./mirror.nix { }).mirror
, lockFile ? if builtins.pathExists ./debian.lock.local.json then ./debian.lock.local.json else ./debian.lock.json
, pypiLockFile ? null
}:
let
  lock = builtins.fromJSON (builtins.readFile lockFile);
  sh = builtins.storePath $busybox;
  make = name: script: derivation {
    inherit name; system = "x86_64-linux"; builder = sh; deb = fetch.app;
    args = [ "ash" "-c" "\${sh} mkdir -p \$out/bin; \${script}" ];
  };
  fetch = builtins.mapAttrs (_: p: import <nix/fetchurl.nix> {
    url = "\${mirror}/\${p.path}"; inherit (p) sha256; name = baseNameOf p.path; }) lock.packages;
in {
  inherit fetch;
  bazel = make "bazel" ''
    echo '#!/bin/sh
    [ "\$1" = --version ] || printf "<%s>" "\$@"
    exit 37' >\$out/bin/bazel; \${sh} chmod +x \$out/bin/bazel'';
} // builtins.listToAttrs (map (name: { inherit name; value = make name "echo >\$out/bin/\${name}"; })
  [ "llvm-xtensa" "rustc-xtensa" "rust-std-xtensa" "xtensa-ld" "gcc-xtensa" "binutils-xtensa" "newlib-headers-xtensa" "bindgen" "protoc"
    "host-sysroot" ])
NIX
echo "app $unique" >"$t/packages/app"
lock "$t/packages" >"$repo/nix/debian.lock.json"
echo "[]" >"$repo/nix/pypi.lock.json"
cp "$t/packages/app" "$t/www/mirror/pool/app_1.0.deb"
serve "$t/www"
export RULES_ESP32_MIRROR="$url/mirror"

# a PATH with all but Bazel
path=
ifs=$IFS
IFS=:
for dir in $PATH; do
  [ -x "$dir/bazel" ] || [ -x "$dir/bazelisk" ] || path=$path${path:+:}$dir
done
IFS=$ifs
PATH=$path
bazelw="$repo/bazelw"
again() { rm -rf "$repo/.bazelw"; }

expect "bazelw: sets up, then starts Bazel: arguments and status" 37 "packages to download: 1 .*ready after .*<build><--x=a  b><><-->" "$bazelw" build '--x=a  b' '' --
expect "bazelw: the second time only starts Bazel" 37 '^<a \*> *$' "$bazelw" 'a *'
cd "$repo/sub/folder"
expect "bazelw: from another folder, by a relative path" 37 '^<x> *$' ../../bazelw x
mkdir "$t/bin"
ln -s "$repo/bazelw" "$t/link"
ln -s ../link "$t/bin/bazel"
expect "bazelw: by a link to a link" 37 '^<x> *$' "$t/bin/bazel" x
expect "bazelw: a link to it on PATH is not taken for Bazel" 37 '<x> *$' env PATH="$t/bin:$PATH" bazel x
cd "$t"
same "bazelw: results are roots, and git sees nothing" "$(ls "$repo/.bazelw" | grep -c ^root) $(cat "$repo/.bazelw/.gitignore")" "11 *"

from=$(date +%s%N)
for _ in 1 2 3 4 5 6 7 8 9 10; do "$bazelw" x >/dev/null; done
ms=$((($(date +%s%N) - from) / 10000000))
echo "bazelw took $ms ms" >"$t/out"
if [ $ms -lt 250 ]; then ok "bazelw: starts Bazel at once"; else not_ok "bazelw: starts Bazel at once"; fi

ln -sfn /nix/store/gone "$repo/.bazelw/root-2"
expect "bazelw: the store has lost something" 37 "ready after .*<x>" "$bazelw" x
echo "# changed" >>"$repo/nix/default.nix"
expect "bazelw: nix/ has changed" 37 "ready after .*<x>" "$bazelw" x

again
"$bazelw" one >"$t/one" 2>&1 &
one=$!
"$bazelw" two >"$t/two" 2>&1 &
two=$!
wait $one
one=$?
wait $two
same "bazelw: two at once" "$one $? $(grep -ho '<.*>' "$t/one" "$t/two" | tr '\n' ' ')$(cat "$t/one" "$t/two" | grep -c 'ready after')" "37 37 <one> <two> 1"

# another Bazel
fake() { # file, version
  mkdir -p "${1%/*}"
  printf '#!/bin/sh\n[ "$1" = --version ] && { echo bazel %s; exit; }\necho "PATH %s" "$@"\nexit 5\n' "$2" "$2" >"$1"
  chmod +x "$1"
}
fake "$t/b7/bazel" 7.4.0
fake "$t/b6/bazel" 6.5.0
fake "$t/b8/bazel" 8.0.0
fake "$t/b9/bazel" 9.2.0
fake "$t/b10/bazel" 10.0.0
fake "$t/bi/bazelisk" 7.9.0
expect "bazelw: Bazel 7 on PATH" 5 'PATH 7.4.0 x' env PATH="$t/b7:$PATH" "$bazelw" x
expect "bazelw: Bazel 7 on PATH, again" 5 '^PATH 7.4.0 x *$' env PATH="$t/b7:$PATH" "$bazelw" x
expect "bazelw: Nix's Bazel if so wished" 37 '<x>' env PATH="$t/b7:$PATH" RULES_ESP32_BAZEL=nix "$bazelw" x
expect "bazelw: Bazel 8 on PATH" 5 'PATH 8.0.0 x' env PATH="$t/b8:$PATH" "$bazelw" x
expect "bazelw: Bazel 9 on PATH" 5 'PATH 9.2.0 x' env PATH="$t/b9:$PATH" "$bazelw" x
expect "bazelw: Bazel 6 on PATH does not do" 37 '<x>' env PATH="$t/b6:$PATH" "$bazelw" x
expect "bazelw: Bazel 10 on PATH is not known" 37 '<x>' env PATH="$t/b10:$PATH" "$bazelw" x
expect "bazelw: bazelisk on PATH" 5 'PATH 7.9.0 x' env PATH="$t/bi:$PATH" "$bazelw" x
expect "bazelw: a Bazel by name" 5 'PATH 10.0.0 x' env RULES_ESP32_BAZEL="$t/b10/bazel" "$bazelw" x
expect "bazelw: no such Bazel" 101 'RULES_ESP32_BAZEL=/nonesuch: there is no such program' env RULES_ESP32_BAZEL=/nonesuch "$bazelw" x

# Nix's settings reach Bazel's repository rules, the user's before bazelw's
printf '#!/bin/sh\necho "[$NIX_CONFIG]"\n' >"$t/show"
chmod +x "$t/show"
expect "bazelw: keeps NIX_CONFIG" 0 '\[cores = 3' env NIX_CONFIG="cores = 3" RULES_ESP32_BAZEL="$t/show" "$bazelw" x

# pins that are gone
echo "app anew $unique" >"$t/packages/app"
mkdir "$t/packages.new"
cp "$t/packages/app" "$t/packages.new/"
lock "$t/packages.new" >"$t/new.json"
cp "$t/packages/app" "$t/www/mirror/pool/app_2.0.deb"
sed -i 's/app_1.0/app_2.0/; s/"1.0"/"2.0"/' "$t/new.json"
echo "app gone $unique" >"$t/packages/app"
lock "$t/packages" >"$repo/nix/debian.lock.json"
rm "$t/www/mirror/pool/app_1.0.deb"
printf '#!/bin/sh\ncp "%s" "$2"\n' "$t/new.json" >"$repo/nix/update-lock"
chmod +x "$repo/nix/update-lock"
cp "$repo/nix/debian.lock.json" "$t/gone.json"
expect "bazelw: pins are gone, and only they may be used" 102 "cannot get app 1.0.*RULES_ESP32_PINNED" env RULES_ESP32_PINNED=1 "$bazelw" x
expect "bazelw: the same with --config=ci" 102 "pinned packages are gone" "$bazelw" build --config=ci x
same "bazelw: and nothing was resolved anew" "$(ls "$repo/nix" | grep -c local)" 0
expect "bazelw: pins are gone" 37 "resolving the same names anew.*WARNING: these are not the pinned.*rm '$repo/nix/debian.lock.local.json'.*<x>" "$bazelw" x
expect "bazelw: says so at every start" 37 "^bazelw: WARNING: these are not the pinned[^<]*<x> *$" "$bazelw" x
expect "bazelw: --config=ci after --" 37 "<--><--config=ci>" "$bazelw" run x -- --config=ci
expect "bazelw: not where only pins may be used" 102 "debian.lock.local.json is there" env RULES_ESP32_PINNED=1 "$bazelw" x
rm "$repo/nix/debian.lock.local.json"
cp "$t/packages/app" "$t/www/mirror/pool/app_1.0.deb"
expect "bazelw: back to the pins" 37 "^bazelw: .*packages to download: 1[^W]*<x> *$" sh -c 'echo "bazelw: $("$@" 2>&1)"; exit 37' sh "$bazelw" x
cp "$t/new.json" "$repo/nix/debian.lock.local.json"
sha256sum <"$t/gone.json" >"$repo/.bazelw/stands-in-for"
echo >>"$repo/nix/debian.lock.json"
expect "bazelw: new pins end what stood in for the old" 37 "there are new pins.*<x>" "$bazelw" x

# what cannot be helped
echo "app broken $unique" >"$t/packages/app"
lock "$t/packages" >"$repo/nix/debian.lock.json"
expect "bazelw: not the pinned file" 101 "not the pinned file.*toolchains could not be made" "$bazelw" x
expect "bazelw: no network" 101 "check the network.*toolchains could not be made" env RULES_ESP32_MIRROR=http://127.0.0.1:1 "$bazelw" x

# no Nix: a PATH of busybox's tools and stand-ins for what changes the machine
mkdir "$t/none"
for tool in sh cat ls sed mkdir date id flock sha256sum readlink tail rm mv env; do ln -s "$(command -v $tool)" "$t/none/$tool"; done
none() { env -i PATH="$t/none" HOME="$t/home" "$@" "$bazelw" x; }
if [ ! -e /nix/var/nix/profiles/default/bin/nix-build ] && [ ! -e /run/current-system/sw/bin/nix-build ]; then
  expect "bazelw: no Nix, no apt" 100 "there is no apt-get here" none
  printf '#!/bin/sh\necho "apt-get $*" >>"%s"\nexit 100\n' "$t/apt" >"$t/none/apt-get"
  chmod +x "$t/none/apt-get"
  rm "$t/none/id"
  printf '#!/bin/sh\n[ "$1" = -u ] && echo 1000 || echo somebody\n' >"$t/none/id"
  chmod +x "$t/none/id"
  expect "bazelw: no Nix, not root, no sudo" 100 "only root can install it: ask the administrator.*apt-get install .*nix-bin.*somebody /nix" none
  printf '#!/bin/sh\nexit 1\n' >"$t/none/sudo"
  chmod +x "$t/none/sudo"
  expect "bazelw: no Nix, not root, sudo wants a password" 100 "only root can install it" none
  same "bazelw: nothing was run as root" "$(cat "$t/apt" 2>/dev/null)" ""
  printf '#!/bin/sh\necho 0\n' >"$t/none/id"
  expect "bazelw: says what it is about to run" 101 "this is going to be run: .*apt-get update && apt-get install --no-install-recommends nix-bin.*apt-get could not install nix-bin" none
  same "bazelw: and runs it" "$(sed 's/-o [^ ]* *//g' "$t/apt")" "apt-get -q update
apt-get -q -y install --no-install-recommends nix-bin ca-certificates"
fi
