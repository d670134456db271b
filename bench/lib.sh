# What the benchmarks share; they source it. Each works on a copy of the checkout with a Bazel server of its own, which it
# stops and removes at the end, so nothing of the user's is touched; the machine should have nothing else to do.
#
# BENCH_RUNS: how often each thing is measured; the median counts. Default: 5.
# BENCH_KEEP: a folder for the copy and Bazel's output, which stay there, to look at or to start the next benchmark from.
set -eu
export LC_ALL=C

root=$(cd "${0%/*}/.." && pwd -P)
runs=${BENCH_RUNS:-5}
if [ "${BENCH_KEEP:-}" ]; then
  mkdir -p "$BENCH_KEEP"
  work=$(cd "$BENCH_KEEP" && pwd -P)
else
  work=$(mktemp -d /var/tmp/bench.XXXXXX)
fi
log=$work/log

die() { # message
  echo "${0##*/}: $*" >&2
  exit 1
}

clean_up() {
  status=$?
  trap - EXIT
  for dir in $servers; do (cd "$dir" && bazel_here shutdown) >/dev/null 2>&1 || :; done
  for pid in $pids; do kill "$pid" 2>/dev/null || :; done
  [ "${BENCH_KEEP:-}" ] || {
    chmod -R u+w "$work" 2>/dev/null || :
    rm -rf "$work"
  }
  exit $status
}
servers= pids=
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

bazel_here() { "$root/bazelw" --output_base="$work/output_base.${PWD##*/}" "$@"; }

# Bazel in the current folder, with nothing out of a cache that another build has filled. Output goes to $log.
bazel() {
  case " $servers " in *" $PWD "*) ;; *) servers="$servers $PWD" ;; esac
  command=$1
  shift
  case $command in
    build) set -- --disk_cache= --remote_cache= --remote_executor= --noshow_progress "$@" ;;
  esac
  bazel_here "$command" "$@" 2>>"$log" || {
    tail -n 30 "$log" >&2
    die "bazel $command $* failed (see above)"
  }
}

# The checkout as it is, uncommitted changes included, in $work/checkout.
copy_checkout() {
  rm -rf "$work/checkout"
  mkdir -p "$work/checkout"
  (
    cd "$root"
    git ls-files -z --cached --others --exclude-standard | xargs -0 ls -d 2>/dev/null | tar c -T - | tar x -C "$work/checkout"
  )
}

# Prints how long a command takes, in milliseconds.
milliseconds() {
  start=$(date +%s%N)
  "$@" >>"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    die "$* failed (see above)"
  }
  echo $((($(date +%s%N) - start) / 1000000))
}

# The median of the numbers in a file, one a line.
median() { sort -n "$1" | awk '{ n[NR] = $1 } END { print NR % 2 ? n[(NR + 1) / 2] : (n[NR / 2] + n[NR / 2 + 1]) / 2 }'; }
seconds() { awk -v ms="$1" 'BEGIN { printf "%.2f s", ms / 1000 }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

title() {
  echo "$(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg) before; medians of $runs"
  row figure measured aim
  row --- --- ---
}
row() { printf '| %-66s | %-12s | %-10s |\n' "$1" "$2" "$3"; }
