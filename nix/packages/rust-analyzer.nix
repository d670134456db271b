# rust-analyzer, for tests of what editors read: bin/rust-analyzer.
{ debPackages, rustc-xtensa }:
debPackages {
  pname = "rust-analyzer";
  license = "Apache-2.0 OR MIT";
  packages = [ "rust-analyzer" ];
  deps = [ rustc-xtensa ];
}
