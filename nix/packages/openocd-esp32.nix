# Espressif's OpenOCD, which knows the chip, as its Python package has it: bin/openocd, and its scripts.
# wheels: the files of nix/pypi.lock.json, by name.
{ debPackages, wheels }:
debPackages {
  pname = "openocd-esp32";
  license = "GPL-2.0-or-later";
  # what it loads
  packages = [ "libusb-1.0-0" "libudev1" "zlib1g" ];
  postInstall = ''
    unzip -q $wheel 'openocd_esp32/*' -d wheel
    mkdir -p bin share
    mv wheel/openocd_esp32/bin/openocd bin/
    mv wheel/openocd_esp32/share/openocd share/
    rm -rf wheel
    chmod +x bin/openocd
  '';
  env.wheel = wheels.openocd-esp32;
}
