# protoc as the rules of protobuf 29 and later call it: in the store, and where there is none.
. "$(dirname "$0")/lib.sh"

mkdir "$t/work"
cd "$t/work"
printf 'syntax = "proto3";\nmessage Reading {\n  int32 celsius = 1;\n}\n' >reading.proto
for attribute in protoc portable.protoc; do
  protoc=$(nix-build "$nix" -A $attribute --no-out-link)/bin/protoc
  rm -f ./*.bin
  expect "$attribute: describes messages" 0 '^ *$' "$protoc" --descriptor_set_out=plain.bin -I. reading.proto
  expect "$attribute: --retain_options" 0 '^ *$' "$protoc" --retain_options --descriptor_set_out=options.bin -I. reading.proto
  printf '%s\n' --descriptor_set_out=file.bin --retain_options -I. reading.proto >arguments
  expect "$attribute: --retain_options in a file" 0 '^ *$' "$protoc" @arguments
  same "$attribute: the same descriptor" "$(cat ./*.bin | cksum)" "$(cat plain.bin plain.bin plain.bin | cksum)"
  expect "$attribute: other options that it does not know" 1 'nonesuch' "$protoc" --nonesuch
done
