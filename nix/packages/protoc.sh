# postInstall of protoc: protobuf's proto_library passes --retain_options from protobuf 29 on. This protoc does not know it, and does
# what it says: without the option, later ones leave out of descriptors what is for source code alone.
rm -f $libdir/*.a
rm -rf $libdir/pkgconfig
mkdir libexec
mv bin/protoc libexec/protoc-itself
cat >bin/protoc <<SH
#!$busybox ash
for a; do
  shift
  case \$a in
    --retain_options) ;;
    @*)
      while IFS= read -r line || [ "\$line" ]; do
        [ "\$line" = --retain_options ] || set -- "\$@" "\$line"
      done <"\${a#@}"
      ;;
    *) set -- "\$@" "\$a" ;;
  esac
done
exec $out/libexec/protoc-itself "\$@"
SH
chmod +x bin/protoc
