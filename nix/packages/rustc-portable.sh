# postPortable of rustc-xtensa: a chip's rustc (xtensa-std.sh) is a script that starts the other one, whose place it takes in
# rules_rust's sysroot: it goes past the other's launcher.
cp $busybox lib/programs/busybox
for f in lib/rustlib/*/bin/rustc; do
  target=${f#lib/rustlib/}
  name=${target%%/*}-rustc
  awk -v rustc="exec $package/bin/rustc " -v libdir="$libdir" '
    NR == 1 { print "#!/bin/sh"; print "home=${0%/*}/../.."; next }
    index($0, rustc) == 1 {
      $0 = "exec \"$home/" libdir "/ld-linux-x86-64.so.2\" --library-path \"$home/" libdir "\" --argv0 rustc \"$home/lib/programs/rustc\" " \
        substr($0, length(rustc) + 1)
    }
    { print }' $f >lib/programs/$name
  chmod +x lib/programs/$name
  launcher $f $name "-DSCRIPT=\"$name\""
done
