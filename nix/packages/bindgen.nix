# The bindgen command. It loads the libclang that LIBCLANG_PATH names: llvm-xtensa's.
{ debPackages }:
debPackages {
  pname = "bindgen";
  license = "BSD-3-Clause";
  packages = [ "bindgen" ];
}
