# GNU make, for builders of libraries.
{ debPackages }:
debPackages {
  pname = "make";
  license = "GPL-3.0-or-later";
  packages = [ "make" ];
}
