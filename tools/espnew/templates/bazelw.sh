#!/bin/sh
# ./bazelw ARGUMENTS is bazel ARGUMENTS, on any x86-64 Linux machine: it starts the bazelw of the rules_esp32 that MODULE.bazel names,
# which finds Bazel and Nix, or installs them, and has the toolchains made. Where MODULE.bazel names an archive, it is downloaded,
# once, into ~/.cache/rules_esp32.
#
# Exit status: Bazel's own, bazelw's (100 to 102: its first lines say what they mean), or
#   103 where rules_esp32 is cannot be told      104 it could not be downloaded
set -eu

fail() { # exit status, message
  status=$1
  shift
  echo "bazelw: $*" >&2
  exit "$status"
}

case $0 in */*) here=$(cd "${0%/*}" && pwd -P) ;; *) here=$(pwd -P) ;; esac
module=$here/MODULE.bazel

attribute() { # of the override of rules_esp32
  awk -v name="$1" '
    /^[a-z_]+_override\($/ { inside = 1; ours = 0; value = "" }
    inside && $0 ~ "^    module_name = \"rules_esp32\"" { ours = 1 }
    inside && $0 ~ "^    " name " = " { split($0, parts, "\""); value = parts[2] }
    /^\)$/ { if (inside && ours) print value; inside = 0 }' "$module"
}

path=$(attribute path)
if [ "$path" ]; then
  case $path in /*) ;; *) path=$here/$path ;; esac
  [ -x "$path/bazelw" ] || fail 103 "$module: there is no rules_esp32 in $path: get it there, or name another path, or an archive"
  exec "$path/bazelw" "$@"
fi

url=$(attribute urls)
integrity=$(attribute integrity)
case $url,$integrity in
  ?*,sha256-?*) ;;
  ,*) # a registry, or git: what Bazel gets by itself
    bazel=$(command -v bazel || command -v bazelisk) ||
      fail 103 "$module names no folder and no archive of rules_esp32, and there is no bazel: install Bazel, or name an archive"
    exec "$bazel" "$@"
    ;;
  *) fail 103 "$module: the archive of rules_esp32 has no integrity = \"sha256-...\": add it" ;;
esac
wanted=$(printf %s "${integrity#sha256-}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rules_esp32
rules=$cache/$wanted
if [ ! -e "$rules/bazelw" ]; then
  mkdir -p "$cache"
  new=$(mktemp -d "$cache/new.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  echo "bazelw: downloading $url" >&2
  if command -v curl >/dev/null; then curl -fsSL -o "$new/archive" "$url"
  elif command -v wget >/dev/null; then wget -q -O "$new/archive" "$url"
  else fail 104 "curl or wget is needed: apt-get install curl ca-certificates"; fi ||
    fail 104 "$url cannot be downloaded: check the network and the proxy (https_proxy), or name another archive in $module"
  got=$(sha256sum "$new/archive" | cut -d ' ' -f 1)
  [ "$got" = "$wanted" ] || fail 104 "$url has the SHA-256 $got, and $module wants $wanted: see which of them is right"
  mkdir "$new/rules"
  case $url in
    *.zip) unzip -q "$new/archive" -d "$new/rules" ;;
    *) tar -xf "$new/archive" -C "$new/rules" ;;
  esac || fail 104 "$url cannot be unpacked"
  prefix=$(attribute strip_prefix)
  [ -x "$new/rules/$prefix/bazelw" ] || fail 104 "$url has no $prefix/bazelw: strip_prefix in $module names the folder of rules_esp32 in it"
  # who is first wins: both are the same
  mv -T "$new/rules/$prefix" "$rules" 2>/dev/null || [ -x "$rules/bazelw" ] || fail 104 "$rules cannot be written"
  rm -rf "$new"
  trap - EXIT
fi
exec "$rules/bazelw" "$@"
