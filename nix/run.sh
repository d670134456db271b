# $1 in an empty folder, with nothing but busybox's tools on PATH.
tools=$PWD/.tools
$busybox mkdir -p "$tools"
$busybox --install -s "$tools"
export PATH="$tools"
. "$1"
