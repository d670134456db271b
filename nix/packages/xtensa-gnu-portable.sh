# postPortable of GNU tools for Xtensa: their wrappers (xtensa-gnu.sh) with the shell and the folder that they are in.
cp $busybox lib/programs/busybox
for f in bin/xtensa-esp32-elf-*; do
  name=${f#bin/}
  sed "1s|.*|#!/bin/sh|; s|^home=.*|home=\${0%/*}/../..|" $f >lib/programs/$name
  chmod +x lib/programs/$name
  launcher $f $name "-DSCRIPT=\"$name\""
done
