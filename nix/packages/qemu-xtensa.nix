# QEMU's system emulator for Xtensa, and nothing of its other machines.
{ debPackages }:
debPackages {
  pname = "qemu-xtensa";
  license = "GPL-2.0-only";
  packages = [ "qemu-system-misc" ];
  # qemu-system-xtensa is the whole package's one Xtensa program; its -M none needs no firmware
  postInstall = ''
    find bin -type f ! -name qemu-system-xtensa -exec rm {} +
    rm -rf lib/openssl $libdir/ossl-modules $libdir/engines-3
  '';
}
