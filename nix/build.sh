# Builder of debPackages: unpack $debs into $out, make the ELF files Nix's own.
libdir=lib/$triplet
mkdir tools root
for d in $patchelfDebs; do dpkg-deb -x $d tools; done
T=$PWD/tools/usr
patchelf() { $T/lib64/ld-linux-x86-64.so.2 --library-path $T/$libdir $T/bin/patchelf "$@"; }

for d in $debs; do dpkg-deb -x $d root; done
echo "$partial" | while read -r d paths; do
  [ ! "$d" ] || ar p $d data.tar.xz | xz -dc | eval "tar x -C root $paths"
done
mv root/usr $out
[ ! -e root/etc ] || mv root/etc $out/
cd $out
for k in $keep; do mkdir -p .keep/$(dirname $k); mv $k .keep/$k; done
rm -rf share etc sbin lib/sasl2 lib/binfmt.d lib/systemd lib/udev lib/tmpfiles.d $libdir/gconv
for k in $keep; do mkdir -p $(dirname $k); mv .keep/$k $k; done
rm -rf .keep
# absolute links: into $out (those whose target is not here go away below)
find . -type l | while read -r l; do
  t=$(readlink $l)
  case $t in
    /usr/*) ln -sfn $out/${t#/usr/} $l ;;
    /*) ln -sfn $out/${t#/} $l ;;
  esac
done
eval "$postInstall"
cd $out

runpath=
loader=
for d in $out $deps; do
  runpath=$runpath${runpath:+:}$d/$libdir
  [ ! -e $d/lib64/ld-linux-x86-64.so.2 ] || loader=$d/$libdir/ld-linux-x86-64.so.2
done
patched=0
missing=
nl='
'
for f in $(find . -type f \( -name '*.so' -o -name '*.so.*' -o -perm -100 \)); do
  [ "$(head -c4 $f | tail -c3)" = ELF ] || continue
  case $f in */ld-linux-* | */libc.so.6) continue ;; esac
  # patchelf reads the whole file each time
  case $f in *.so | *.so.*) interpreter= ;; *) interpreter=--print-interpreter ;; esac
  info=$(patchelf $interpreter --print-rpath --print-needed $f 2>/dev/null) || {
    interpreter=
    info=$(patchelf --print-rpath --print-needed $f 2>/dev/null) || continue # static
  }
  [ ! "$interpreter" ] || info=${info#*$nl}
  rpath=${info%%$nl*}
  needed=${info#"$rpath"}
  own= # RUNPATH entries relative to the file itself (the JVM's)
  for r in $(echo "$rpath" | tr : ' '); do case $r in \$ORIGIN*) own=$own$r: ;; esac; done
  chmod u+w $f
  set --
  [ ! "$interpreter" ] || set -- --set-interpreter $loader
  [ -z "$needed" ] || set -- "$@" --set-rpath $own$runpath
  # patchelf 0.18 breaks programs at fixed addresses (GCC's) when it does both at once, or in the other order
  if [ $# = 4 ] && [ "$(head -c17 $f | tail -c1)" = "$(printf '\2')" ]; then
    patchelf $3 $4 $f
    set -- $1 $2
  fi
  [ $# = 0 ] || patchelf "$@" $f
  for so in $needed; do
    found=
    for d in ${f%/*} ${f%/*}/server ${f%/*}/../lib; do [ ! -e $d/$so ] || found=1; done
    for d in $out $deps; do [ ! -e $d/$libdir/$so ] || found=1; done
    [ "$found" ] || { echo "$f: $so not found"; missing=1; }
  done
  patched=$((patched + 1))
done
echo "patched $patched ELF files"
[ ! "$missing" ] # else it would silently come from the build machine's /lib
find . -type l ! -exec test -e {} \; -exec rm {} +
eval "$postFixup"
