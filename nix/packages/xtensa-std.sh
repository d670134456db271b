# postFixup of rustc-xtensa: a rustc that knows $target, and the standard library for it.
rustlib=$out/lib/rustlib/$target
mkdir -p $rustlib/bin $rustlib/lib
cp $spec $rustlib/target.json

# Makes the target look built in, also to build scripts, which call plain `rustc --print=cfg --target=...`.
#
# What it makes does not depend on Bazel's configuration: a generated source is called by where bazel-bin has it, and its crate
# does not take its identity, which is in the name of each symbol, from a path with the configuration's name in it.
cat >$rustlib/bin/rustc <<SH
#!$busybox ash
export RUSTC_BOOTSTRAP=1
root=
bin=
for a; do
  case \$a in
    bazel-out/*/bin/*.rs) root=\${a#bazel-out/*/bin/} ;;
    --out-dir=bazel-out/*/bin | --out-dir=bazel-out/*/bin/*)
      bin=\${a#--out-dir=bazel-out/}
      bin=bazel-out/\${bin%%/*}/bin
      ;;
  esac
done
if [ "\$root" ]; then
  for a; do
    shift
    case \$a in
      --codegen=metadata=*) set -- "\$@" "--codegen=metadata=\$root" ;;
      *) set -- "\$@" "\$a" ;;
    esac
  done
fi
exec $out/bin/rustc -Zunstable-options "\$@" \${bin:+"--remap-path-prefix=\$bin=bazel-bin"}
SH
chmod +x $rustlib/bin/rustc

# in the folder that is remapped, and with relative names, because rustc hashes both into what it makes
cd $out/lib/rustlib/src/rust/library
compile() { # crate name, its root, more flags
  name=$1 root=$2
  shift 2
  $rustlib/bin/rustc --target $target --crate-name $name --crate-type lib --edition 2024 $root \
    -Zforce-unstable-if-unmarked -Ccodegen-units=1 -Copt-level=s -Cdebuginfo=line-tables-only -Awarnings \
    --remap-path-prefix $PWD=/rustc/$version/library -Clinker-plugin-lto -L $rustlib/lib --out-dir $rustlib/lib "$@"
}
compile core core/src/lib.rs --emit=metadata,link
# rustc always generates the code of a `no_builtins` crate itself, with its own LLVM, which puts Xtensa's literals into the
# wrong section: take its bitcode, and let LLVM 23 make the object.
compile compiler_builtins compiler-builtins/compiler-builtins/src/lib.rs --emit=metadata,llvm-bc \
  --cfg 'feature="compiler-builtins"' --cfg 'feature="mem"' --cfg 'feature="unmangled-names"' \
  --cfg f16_enabled --cfg intrinsics_enabled
(
  cd $rustlib/lib
  $llvm/bin/llc -O2 -filetype=obj -function-sections -data-sections compiler_builtins.bc -o compiler_builtins.o
  cp libcompiler_builtins.rmeta lib.rmeta
  $llvm/bin/llvm-ar crD libcompiler_builtins.rlib lib.rmeta compiler_builtins.o
  rm lib.rmeta compiler_builtins.bc compiler_builtins.o
)
compile alloc alloc/src/lib.rs --emit=metadata,link
cd $out
