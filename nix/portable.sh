# Builder of portable: $package, with $merge added, to run wherever it is: each program is a static launcher (launcher.c) that
# starts the program itself, now in lib/programs, with the loader and the libraries of the same folder.
#   programs  names of those to keep, separated by spaces; default: all
mkdir tools
for d in $patchelfDebs; do dpkg-deb -x $d tools; done
T=$PWD/tools/usr
patchelf() { $T/lib64/ld-linux-x86-64.so.2 --library-path $T/$libdir $T/bin/patchelf "$@"; }
libdir=lib/$triplet

mkdir $out
cp -a $package/. $out
chmod -R u+w $out
mkdir -p $out/$libdir
for d in $merge; do
  for f in $d/$libdir/*; do [ -e $out/$libdir/${f##*/} ] || cp -a $f $out/$libdir/; done
done
chmod -R u+w $out
cd $out
mkdir lib/programs

launcher() { # the file to make, the name in lib/programs, more macros
  file=$1 program=$2
  shift 2
  $llvm/bin/clang --target=x86_64-linux-gnu -std=c11 -Os -Wall -Werror -ffreestanding -fno-stack-protector -fno-pic -static -nostdlib \
    -fno-asynchronous-unwind-tables -fuse-ld=lld --ld-path=$llvm/bin/ld.lld -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-s \
    -DPROGRAM="\"$program\"" "$@" $launcher -o $file
}
elf() { [ "$(head -c4 $1 | tail -c3)" = ELF ]; }

for f in $(find . -type f \( -name '*.so' -o -name '*.so.*' -o -perm -100 \) ! -path './lib/programs/*'); do
  name=${f##*/}
  if elf $f; then
    case $f in */ld-linux-* | */libc.so.6) continue ;; esac
    to_root=$(dirname $f | sed 's|^\./||; s|[^/][^/]*|..|g')
    if patchelf --print-interpreter $f >/dev/null 2>&1; then
      case " ${programs:-$name} " in *" $name "*) ;; *) rm $f; continue ;; esac
      patchelf --set-interpreter /lib64/ld-linux-x86-64.so.2 --set-rpath "\$ORIGIN/../$triplet" $f
      mv $f lib/programs/$name
      launcher $f $name
    elif patchelf --print-rpath $f >/dev/null 2>&1; then
      patchelf --set-rpath "\$ORIGIN/$to_root/$libdir" $f
    fi
  fi
done
find . -type l | while read -r l; do # links into $package: relative ones
  t=$(readlink $l)
  case $t in $package/*) ln -sfn $(dirname $l | sed 's|^\./||; s|[^/][^/]*|..|g')/${t#$package/} $l ;; esac
done
find . -type l ! -exec test -e {} \; -exec rm {} +
eval "$postPortable"
cd $out
# a shell script of the store's busybox, or another path of the store, would not run elsewhere
if grep -rIlF "${out%/*}/" bin lib/programs 2>/dev/null; then echo "these name the store"; exit 1; fi
