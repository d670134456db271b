# A Bazel registry (file://) that answers MODULE.bazel without a network: the rule sets that Debian packages, under
# versions that the Bazel Central Registry has too, and ours in place of rules_nixpkgs_core.
{ run, dist, protoc }:
run "bazel-registry" ./bazel-registry.sh {
  inherit dist protoc;
  nixpkgs_core = ../rules_nixpkgs_core;
  # name=version=path below share/bazel
  modules = [
    "bazel_features=1.11.0=tools/features"
    "bazel_skylib=1.9.0=tools/skylib"
    "platforms=0.0.10=tools/platforms"
    "rules_cc=0.0.11=rules/cc"
    "rules_java=7.6.5=rules/java"
    "rules_license=0.0.7=rules/license"
    "rules_proto=6.0.0=rules/proto"
    "rules_python=0.22.1=rules/python"
    "rules_rust=0.54.1=rules/rust"
    "rules_shell=0.4.0=rules/shell"
  ];
  # name=version=compatibility level: named by bazel_tools' own MODULE.bazel and superseded by the above; never loaded
  older = [ "platforms=0.0.7=1" "platforms=0.0.9=1" "rules_license=0.0.3=1" "rules_proto=4.0.0=1" "protobuf=3.19.6=1" ];
  # name=version=compatibility level: required by the above, not in Debian, not used here: empty
  stubs = [ "apple_support=1.23.1=1" "aspect_rules_js=1.39.0=1" "buildozer=7.1.2=0" "zlib=1.3.1.bcr.3=1" ];
}
