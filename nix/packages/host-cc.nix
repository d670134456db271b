# clang for the build machine as one command, as rustc and cargo take a linker: bin/host-cc.
{ run, llvm-xtensa, host-sysroot }:
run "host-cc" ./host-cc.sh { llvm = "${llvm-xtensa}/lib/llvm-23"; sysroot = host-sysroot; }
