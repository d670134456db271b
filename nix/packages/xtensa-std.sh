# Builder of rust-std-xtensa and rust-std-xtensa-espidf: the code of compiler_builtins, with all else out of $bitcode.
cp -a $bitcode $out
chmod -R u+w $out
lib=$out/lib/rustlib/$target/lib
mkdir $out/lib/compiler_builtins
cd $lib
$llvmLink umulsidi3.bc compiler_builtins.bc -o compiler_builtins.bc
rm umulsidi3.bc
for core in $cores; do
  features=${core#*=}
  $ld --native $out/lib/compiler_builtins/${core%%=*}.o ${features:+-plugin-opt=-mattr=$features} compiler_builtins.bc
done
rm compiler_builtins.bc
cp libcompiler_builtins.rmeta lib.rmeta
cp $out/lib/compiler_builtins/esp32.o compiler_builtins.o
$ar crD libcompiler_builtins.rlib lib.rmeta compiler_builtins.o
rm lib.rmeta compiler_builtins.o
