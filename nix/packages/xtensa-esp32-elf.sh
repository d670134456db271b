mkdir -p $out/bin $out/lib $out/include
for package in $libraries; do
  for f in $package/lib/* $package/include/*; do
    [ ! -e $f ] || ln -s $f $out/${f#$package/}
  done
done
for f in $binutils/bin/xtensa-esp32-elf-* $gcc/bin/xtensa-esp32-elf-*; do
  name=$out/bin/${f##*/}
  case $f in
    *-gcc | *-gcc-[0-9]* | *-g++ | *-c++ | *-cpp)
      # Espressif's compiler is built with it: static objects have destructors that run.
      case $f in *++) atexit=-fuse-cxa-atexit ;; *) atexit= ;; esac
      # Not options: the driver compiles C and C++ alike, and each has headers of its own.
      cat >$name <<SH
#!$busybox ash
export C_INCLUDE_PATH=$out/include CPLUS_INCLUDE_PATH=$out/include/c++:$out/include
unset CPATH
exec $f $atexit "\$@" -L$out/lib
SH
      chmod +x $name
      ;;
    *) ln -s $f $name ;;
  esac
done
ln -s xtensa-esp32-elf-gcc $out/bin/xtensa-esp32-elf-cc
