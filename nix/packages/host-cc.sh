# Builder of host-cc.
mkdir -p $out/bin
cat >$out/bin/host-cc <<SH
#!$busybox ash
exec $llvm/bin/clang --target=x86_64-linux-gnu --sysroot=$sysroot --gcc-install-dir=$sysroot/usr/lib/gcc/x86_64-linux-gnu/16 \\
  -fuse-ld=lld --ld-path=$llvm/bin/ld.lld -Wl,--build-id=none "\$@"
SH
chmod +x $out/bin/host-cc
