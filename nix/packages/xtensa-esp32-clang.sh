# clang for the ESP32's assembly: its preprocessor, then llvm-mc, whose -mcpu=esp32 clang's own assembler does not know.
# Takes clang's arguments for one .S or .s file.
set -eu -o pipefail
llvm=${0%/*}/../lib/llvm-23/bin
out=
map=
n=$#
while [ $n -gt 0 ]; do
  case $1 in
    -o) out=$2; shift; n=$((n - 1)) ;;
    -c | -g) ;;
    -fdebug-prefix-map=*) map=$1 ;;
    *) set -- "$@" "$1" ;;
  esac
  shift
  n=$((n - 1))
done
"$llvm/clang" -E "$@" -MQ "$out" -o - |
  "$llvm/llvm-mc" -triple=xtensa -mcpu=esp32 -filetype=obj -g -fdebug-compilation-dir=. ${map:+"$map"} -o "$out" -
