# postInstall of rustc-xtensa: what makes rustc one for Xtensa.
rm -rf lib/openssl $libdir/ossl-modules $libdir/engines-3

# rustc's LLVM 22 crashes when it writes bitcode of a module that has assembly, of which its assembler for Xtensa lists the symbols.
# Without an assembler it lists none, and nothing here needs them: LLVM 23 makes the code. Where rustc would set the assembler up, it sets
# up a disassembler, which it has no use for.
driver=$(echo $libdir/librustc_driver-*.so)
echo LLVMInitializeXtensaAsmParser LLVMInitializeXtensaDisassembler >$OLDPWD/symbols
patchelf --rename-dynamic-symbols $OLDPWD/symbols $driver
grep -q LLVMInitializeXtensaDisassembler $driver

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
