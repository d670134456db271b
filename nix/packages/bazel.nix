# Bazel 7 of Debian, made to run from the store: needs nothing of the host but /bin/sh.
{ debPackages, run }:
rec {
  jre = debPackages {
    pname = "openjdk";
    packages = [ "openjdk-25-jre-headless" "libblake3-0" ];
    keep = "etc/java-25-openjdk";
    # Sound, fonts, pictures and smart cards would pull in desktop libraries.
    # Bazel's JNI library, inside A-server.jar, needs libblake3, and without it quietly falls back to slow Java I/O.
    postInstall = ''
      cd lib/jvm/java-25-*/lib
      rm -f liblcms.so libjavajpeg.so libj2pcsc.so libfontmanager.so libjsound.so
      cd $out
      patchelf --add-needed libblake3.so.0 lib/jvm/java-25-*/bin/java
    '';
  };

  # Bazel's files and the rule sets that Debian packages, under share/bazel.
  dist = debPackages {
    pname = "bazel-dist";
    packages = [ "bazel-bootstrap" "bazel-rules-rust" "bazel-rules-shell" "librust-heck-dev" ];
    deps = [ jre ];
    keep = "share/bazel share/java share/cargo/registry";
    postInstall = builtins.readFile ./bazel-dist.sh;
  };

  # The command.
  #   registry  an offline Bazel registry (bazel-registry.nix)
  #   trusted   whose certificates are believed (java-keystore.nix)
  bazel = { registry, trusted }: run "bazel-${dist.version}" ./bazel.sh { inherit dist jre registry trusted; };
}
