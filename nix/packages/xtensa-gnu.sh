# postFixup of GNU tools for Xtensa: their programs under Espressif's names, for the core that the environment names, and the
# plug-ins ($config) of all cores. $drivers are those programs that are asked for the machine, and start others.
mkdir -p lib
cp $config/lib/*.so lib/
cores=$(cd lib && echo *.so | sed 's/[.]so//g; s/ /, /g')
for program in bin/xtensa-lx106-elf-*; do
  name=${program##*-elf-}
  wrapper=bin/xtensa-esp32-elf-$name
  cat >$wrapper <<SH
#!$busybox ash
home=$out
core=\${XTENSA_GNU_CONFIG:-esp32}
case \$core in
  */*) plugin=\$core ;;
  *) plugin=\$home/lib/\$core.so ;;
esac
if [ ! -r "\$plugin" ]; then
  echo "\${0##*/}: XTENSA_GNU_CONFIG=\$core is none of $cores, nor the path of a plug-in" >&2
  exit 1
fi
export XTENSA_GNU_CONFIG="\$plugin"
SH
  case " ${drivers-} " in *" $name "*) cat >>$wrapper <<SH ;; esac
export GCC_EXEC_PREFIX="\$home/lib/gcc/"
for a; do
  case \$a in -dumpmachine) echo xtensa-esp-elf; exit ;; esac
done
SH
  echo "exec -a \"\$home/$wrapper\" \"\$home/$program\" \"\$@\"" >>$wrapper
  chmod +x $wrapper
done
