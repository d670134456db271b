#!/bin/sh
# Makes libblob.a beside this file, for want of a binary in the sources: build.sh [PREFIX OF GCC AND AR]
set -eu
cd "$(dirname "$0")"
"${1:-xtensa-esp32-elf-}gcc" -c blob.S -o blob.o
rm -f libblob.a
"${1:-xtensa-esp32-elf-}ar" rcsD libblob.a blob.o
rm blob.o
