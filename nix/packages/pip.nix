# Python with pip and setuptools: downloads and installs what nix/pypi.lock.json pins.
{ debPackages }:
debPackages {
  pname = "pip";
  license = "MIT AND PSF-2.0";
  packages = [ "python3-pip" "python3-setuptools" "python3" ];
  postInstall = "rm -rf lib/openssl $libdir/ossl-modules $libdir/engines-3";
  postFixup = builtins.readFile ./python.sh;
}
