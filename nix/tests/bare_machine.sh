#!/bin/sh
# Runs a command as on a bare machine; see --help.
set -eu

usage() {
  cat <<USAGE
usage: nix/tests/bare_machine.sh [--keep FOLDER] [COMMAND [ARGUMENT...]]

Runs COMMAND (default: ./bazelw --version) in a fresh copy of this checkout on what looks like a bare machine: this machine's
files under an overlay that is thrown away, with an empty /nix, no Nix, Bazel, compilers or zip, no package lists, an empty /root
and an empty /tmp. Then says how long the command took. Exits with the command's status. Needs root.

  --keep FOLDER  where the overlay is kept (default: a folder under /var/tmp that is removed), to look at, or to go on in
USAGE
}
keep=
while [ $# -gt 0 ]; do
  case $1 in
    --keep) keep=$2; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || set -- ./bazelw --version
repository=$(cd "$(dirname "$0")/../.." && pwd -P)
[ "$(id -u)" = 0 ] || { echo "bare_machine.sh: needs root, to mount an overlay" >&2; exit 1; }

if [ -z "${bare_machine:-}" ]; then
  if [ "$keep" ]; then base=$keep; mkdir -p "$base"; else
    base=$(mktemp -d /var/tmp/bare_machine.XXXXXX)
    trap 'rm -rf "$base"' EXIT
  fi
  status=0
  bare_machine=$base unshare --mount --pid --fork --kill-child "$0" "$@" || status=$?
  exit $status
fi

base=$bare_machine
new=$base/root
fresh=
[ -d "$base/upper" ] || fresh=1
mkdir -p "$base/upper" "$base/work" "$new"
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" "$new"
# Empty folders are mounts: to remove what an overlay shows takes an entry for each file.
for dir in nix root tmp var/lib/apt/lists var/cache/apt; do
  mkdir -p "$base/empty/$dir" "$new/$dir"
  mount --bind "$base/empty/$dir" "$new/$dir"
done
if [ "$fresh" ]; then
  chmod 1777 "$new/tmp"
  for dir in bin sbin usr/bin usr/sbin usr/local/bin; do
    for name in nix nix-\* bazel bazel-\* bazelisk gcc gcc-\* g++ g++-\* cc c++ c89 c99 cpp cpp-\* clang clang-\* clang++\* ld ld.\* \
      as ar rustc rustup cargo rustdoc java javac make cmake ninja llc\* llvm-\* \*-linux-gnu-gcc\* \*-linux-gnu-ld\* qemu-system-\* zip unzip file; do
      for file in "$new/$dir"/$name; do
        case $file in */nix-users) ;; *) [ ! -e "$file" ] && [ ! -L "$file" ] || rm -rf "$file" ;; esac
      done
    done
  done
  rm -rf "$new/usr/lib/nix" "$new/usr/libexec/nix" "$new/etc/nix"
  # apt and dpkg believe that Nix is not installed, nor what only it needs
  awk -v RS= -v ORS='\n\n' '!/^Package: (nix-bin|nix-setup-systemd|bazel[a-z-]*)\n/' /var/lib/dpkg/status >"$new/var/lib/dpkg/status"
  for user in $(sed -n 's/^\(nixbld[0-9]*\):.*/\1/p' /etc/passwd); do sed -i "/^$user:/d" "$new/etc/passwd"; done
  sed -i '/^nixbld:/d' "$new/etc/group"
  checkout=$new/root/checkout
  mkdir "$checkout"
  (
    cd "$repository"
    { git ls-files -z; git ls-files -z --others --exclude-standard; } | xargs -0 ls -d 2>/dev/null | tar c -T - | tar x -C "$checkout"
  )
fi
for dir in proc sys dev; do mount --rbind /$dir "$new/$dir"; done
mount -t tmpfs tmpfs "$new/dev/shm"
mkdir -p "$new/mnt/old"
cd "$new"
pivot_root . mnt/old
umount -l /mnt/old
mount -t proc proc /proc
export HOME=/root
cd "$HOME/checkout"
since=$(date +%s%N)
status=0
env -i HOME="$HOME" USER=root LANG=C.UTF-8 TERM="${TERM:-dumb}" \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  ${RULES_ESP32_MIRROR:+RULES_ESP32_MIRROR="$RULES_ESP32_MIRROR"} ${RULES_ESP32_SNAPSHOT:+RULES_ESP32_SNAPSHOT="$RULES_ESP32_SNAPSHOT"} \
  ${RULES_ESP32_CACHE:+RULES_ESP32_CACHE="$RULES_ESP32_CACHE"} ${RULES_ESP32_CACHE_KEY:+RULES_ESP32_CACHE_KEY="$RULES_ESP32_CACHE_KEY"} \
  ${RULES_ESP32_CACHE_ONLY:+RULES_ESP32_CACHE_ONLY="$RULES_ESP32_CACHE_ONLY"} \
  ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} "$@" || status=$?
echo "bare_machine.sh: $* took $((($(date +%s%N) - since) / 1000000)) ms, status $status" >&2
# a Bazel server would keep the overlay
exit $status
