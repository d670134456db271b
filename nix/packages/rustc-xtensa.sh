# postInstall of rustc-xtensa: what makes rustc one for Xtensa.
rm -rf lib/openssl $libdir/ossl-modules $libdir/engines-3

# rustc's LLVM 22 crashes when it writes bitcode of a module that has assembly, of which its assembler for Xtensa lists the symbols.
# Without an assembler it lists none, and nothing here needs them: LLVM 23 makes the code. An empty function of the same name, which
# the loader finds first, is what rustc then calls to set the assembler up.
cat >$OLDPWD/no_assembler.rs <<'RS'
#![no_std]
#[unsafe(no_mangle)]
pub extern "C" fn LLVMInitializeXtensaAsmParser() {}
RS
$out/lib64/ld-linux-x86-64.so.2 --library-path $out/$libdir $out/bin/rustc --edition 2024 --crate-type lib --emit obj \
  -Cpanic=abort -Copt-level=s -Crelocation-model=pic --sysroot $out --remap-path-prefix $OLDPWD=/ $OLDPWD/no_assembler.rs -o $OLDPWD/no_assembler.o
$llvm/bin/ld.lld -shared --gc-sections -soname libxtensa_no_assembler.so -o $libdir/libxtensa_no_assembler.so $OLDPWD/no_assembler.o
patchelf --add-needed libxtensa_no_assembler.so $libdir/librustc_driver-*.so

# A chip's rustc is the same for all purposes but two. Crates for Xtensa have assembly, which is not stable; and what it makes does
# not depend on Bazel's configuration: a generated source is called by where bazel-bin has it, and its crate does not take its
# identity, which is in the name of each symbol, from a path with the configuration's name in it.
mkdir -p lib/rustlib/$target/bin
cat >lib/rustlib/$target/bin/rustc <<SH
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
exec $out/bin/rustc "\$@" \${bin:+"--remap-path-prefix=\$bin=bazel-bin"}
SH
chmod +x lib/rustlib/$target/bin/rustc
