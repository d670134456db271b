# The protocol buffer compiler, with Google's well-known types under include/.
{ debPackages }:
debPackages {
  pname = "protoc";
  license = "BSD-3-Clause";
  packages = [ "protobuf-compiler" "libprotobuf-dev" ];
  postInstall = builtins.readFile ./protoc.sh;
}
