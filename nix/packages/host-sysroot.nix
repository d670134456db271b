# What C, C++ and Rust programs for the build machine link against: a --sysroot.
{ debPackages }:
debPackages {
  pname = "host-sysroot";
  license = "LGPL-2.1-or-later AND GPL-3.0-or-later WITH GCC-exception-3.1";
  packages = [ "libc6-dev" "libgcc-16-dev" "libstdc++-16-dev" ];
  postInstall = ''
    rm -f lib/gcc/*/*/lib*san* libexec
    mkdir usr
    mv include lib lib64 usr/
    ln -s usr/lib usr/lib64 .
  '';
}
