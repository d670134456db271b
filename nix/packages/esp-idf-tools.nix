# What ESP-IDF's configure and its programs in Python need: bin/cmake, bin/ninja, and bin/python3 with their modules.
#
# pip: Python with pip, which installs. wheels: the files of nix/pypi.lock.json to install, beside what Debian has.
{ debPackages, pip, wheels }:
debPackages {
  pname = "esp-idf-tools";
  license = "BSD-3-Clause AND Apache-2.0 AND GPL-2.0-or-later AND PSF-2.0";
  packages = [
    "cmake" "cmake-data" "ninja-build" "python3"
    "python3-bitstring" "python3-click" "python3-construct" "python3-cryptography" "python3-ecdsa" "python3-intelhex"
    "python3-packaging" "python3-pyelftools" "python3-pyparsing" "python3-reedsolo" "python3-rich" "python3-rich-click"
    "python3-serial" "python3-setuptools" "python3-websockets" "python3-yaml"
  ];
  keep = "share";
  postInstall = builtins.readFile ./esp-idf-tools.sh;
  postFixup = builtins.readFile ./python.sh;
  env = { pip = pip.outPath; inherit wheels; };
}
