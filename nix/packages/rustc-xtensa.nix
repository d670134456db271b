# rustc, cargo, rustdoc, rustfmt and clippy: they run on the build machine, and compile for it and for the chips.
{ debPackages }:
debPackages {
  pname = "rustc-xtensa";
  license = "Apache-2.0 OR MIT";
  packages = [ "rustc" "cargo" "rustfmt" "rust-clippy" ];
  postInstall = builtins.readFile ./rustc-xtensa.sh;
  env.target = "xtensa-esp32-none-elf";
}
