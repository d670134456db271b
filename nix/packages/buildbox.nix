# BuildBox: a worker for remote execution, which runs each action in a root of its own. For e2e/rbe.
{ debPackages }:
debPackages {
  pname = "buildbox";
  license = "Apache-2.0";
  packages = [ "buildbox" ];
  postInstall = ''
    find bin -type f ! -name buildbox-casd ! -name buildbox-worker ! -name buildbox-run-bubblewrap ! -name bwrap -exec rm {} +
    rm -rf lib/openssl $libdir/ossl-modules $libdir/engines-3
  '';
}
