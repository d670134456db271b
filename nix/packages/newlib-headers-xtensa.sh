# The headers that newlib would install, after its configuration for the chip, with nothing compiled.
. $target
. $configure
mkdir -p $out/include
cd ../newlib/libc
cp -r include/* machine/xtensa/include/* $out/include/
for d in machine/xtensa/machine machine/xtensa/sys; do
  [ ! -d $d ] || cp $d/*.h $out/include/${d##*/}/
done
cp ../../build/*.h $out/include/
