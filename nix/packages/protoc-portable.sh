# postPortable of protoc: the script that starts it, with the shell, the loader and the libraries of the folder that it is in.
cp $busybox lib/programs/busybox
awk -v itself="exec $package/libexec/protoc-itself " -v libdir="$libdir" '
  NR == 1 { print "#!/bin/sh"; print "home=${0%/*}/../.."; next }
  index($0, itself) == 1 {
    $0 = "exec \"$home/" libdir "/ld-linux-x86-64.so.2\" --library-path \"$home/" libdir "\" --argv0 protoc \"$home/lib/programs/protoc-itself\" " \
      substr($0, length(itself) + 1)
  }
  { print }' bin/protoc >lib/programs/protoc
chmod +x lib/programs/protoc
launcher bin/protoc protoc '-DSCRIPT="protoc"'
rm -r libexec
