# Builder of bazel-registry: modules/NAME/VERSION/{MODULE.bazel,source.json}, all sources local paths in the store, and
# workspace.bazelrc: the same sources as the repositories that a WORKSPACE file would download.
versions="protobuf=21.7 rules_nixpkgs_core=0.13.0"
for m in $modules $stubs; do versions="$versions ${m%=*}"; done

# A module's own MODULE.bazel, with every version that it names replaced by the one that is here.
normalise() {
  awk -v versions="$versions" '
    BEGIN { n = split(versions, a, " "); for (i = 1; i <= n; i++) { split(a[i], b, "="); v[b[1]] = b[2] } }
    /^(module|bazel_dep)\(/ { block = 1; buf = "" }
    block {
      buf = buf $0 "\n"
      if ($0 !~ /\)[ \t]*(#.*)?$/) next
      block = 0
      match(buf, /name = "[^"]*"/); name = substr(buf, RSTART + 8, RLENGTH - 9)
      if (name in v) sub(/version = "[^"]*"/, "version = \"" v[name] "\"", buf)
      printf "%s", buf; next
    }
    { print }' $1
}
add() { # name version path
  mkdir -p $out/modules/$1/$2
  echo "{\"type\": \"local_path\", \"path\": \"$3\"}" >$out/modules/$1/$2/source.json
}
override() { # name of a repository in a WORKSPACE file, path
  echo "common --override_repository=$1=$2" >>$out/workspace.bazelrc
}
empty() { # name version compatibility level
  mkdir -p $out/modules/$1/$2
  echo "module(name = \"$1\", version = \"$2\", compatibility_level = $3)" >$out/modules/$1/$2/MODULE.bazel
}

mkdir -p $out/modules $out/src
echo "{}" >$out/bazel_registry.json
for m in $modules; do
  name=${m%%=*} path=${m##*=} version=${m#*=} version=${version%=*}
  add $name $version $dist/share/bazel/$path
  override $name $dist/share/bazel/$path
  normalise $dist/share/bazel/$path/MODULE.bazel >$out/modules/$name/$version/MODULE.bazel
done
for m in $older; do
  name=${m%%=*} level=${m##*=} version=${m#*=} version=${version%=*}
  empty $name $version $level
done
for m in $stubs; do
  name=${m%%=*} level=${m##*=} version=${m#*=} version=${version%=*}
  mkdir -p $out/src/$name
  add $name $version $out/src/$name
  empty $name $version $level
  cp $out/modules/$name/$version/MODULE.bazel $out/src/$name/
  : >$out/src/$name/BUILD.bazel
done

# rules_rust: no toolchain that would be downloaded, and the two crates of its own tools from Debian.
rust=$(echo $out/modules/rules_rust/*/MODULE.bazel)
sed -i '/"rules_rust_tinyjson"/d; /"rules_rust_prost__heck"/d; /^rust = use_extension/,/^)/d' $rust
crate() { # repository crate build file
  cat >>$rust <<M
new_local_repository(
    name = "$1",
    path = "$(echo $dist/share/cargo/registry/$2-*)",
    build_file = "$3",
)
M
  # the same for a WORKSPACE file
  build=${3#//}
  mkdir $out/src/$1
  ln -s $dist/share/cargo/registry/$2-*/* $out/src/$1/
  cp $dist/share/bazel/rules/rust/${build%:*}/${build#*:} $out/src/$1/BUILD.bazel
  : >$out/src/$1/WORKSPACE
  override $1 $out/src/$1
}
echo 'new_local_repository = use_repo_rule("@bazel_tools//tools/build_defs/repo:local.bzl", "new_local_repository")' >>$rust
crate rules_rust_tinyjson tinyjson //util/process_wrapper:BUILD.tinyjson.bazel
crate rules_rust_prost__heck heck //proto/prost/private/3rdparty/crates:BUILD.heck-0.5.0.bazel

# apple_support: the constraint values that rules_rust's platforms name
override build_bazel_apple_support $out/src/apple_support
mkdir $out/src/apple_support/constraints
cat >$out/src/apple_support/constraints/BUILD.bazel <<'B'
package(default_visibility = ["//visibility:public"])

constraint_setting(name = "target_environment")

[
    constraint_value(
        name = name,
        constraint_setting = ":target_environment",
    )
    for name in ["catalyst", "device", "simulator"]
]
B

# protobuf: the compiler and the well-known types, under the labels of protobuf 21.
add protobuf 21.7 $out/src/protobuf
override com_google_protobuf $out/src/protobuf
mkdir -p $out/src/protobuf/src/google/protobuf
cp $protoc/include/google/protobuf/*.proto $out/src/protobuf/src/google/protobuf/
ln -s $protoc/bin/protoc $out/src/protobuf/protoc-bin
cat >$out/modules/protobuf/21.7/MODULE.bazel <<'M'
module(name = "protobuf", version = "21.7", compatibility_level = 1)
bazel_dep(name = "bazel_skylib", version = "1.9.0")
M
cp $out/modules/protobuf/21.7/MODULE.bazel $out/src/protobuf/
cat >$out/src/protobuf/BUILD.bazel <<'B'
load("@bazel_skylib//rules:native_binary.bzl", "native_binary")

package(default_visibility = ["//visibility:public"])

native_binary(
    name = "protoc",
    src = "protoc-bin",
    out = "protoc",
)

B
for p in $out/src/protobuf/src/google/protobuf/*.proto; do
  deps=$(sed -n 's,^import "google/protobuf/\(.*\)\.proto";,":\1_proto"\,,p' $p)
  p=$(basename $p .proto)
  cat >>$out/src/protobuf/BUILD.bazel <<B
proto_library(
    name = "${p}_proto",
    srcs = ["src/google/protobuf/$p.proto"],
    strip_import_prefix = "src",
    deps = [$(echo $deps)],
)

B
done

# rules_rust_prost, which rules_rust had in itself before version 0.55
add rules_rust_prost 0.73.0 $out/src/rules_rust_prost
mkdir -p $out/src/rules_rust_prost
cat >$out/src/rules_rust_prost/MODULE.bazel <<'M'
module(name = "rules_rust_prost", version = "0.73.0")
bazel_dep(name = "rules_rust", version = "0.54.1")
M
cp $out/src/rules_rust_prost/MODULE.bazel $out/modules/rules_rust_prost/0.73.0/
cat >$out/src/rules_rust_prost/BUILD.bazel <<'B'
alias(
    name = "toolchain_type",
    actual = "@rules_rust//proto/prost:toolchain_type",
    visibility = ["//visibility:public"],
)
B
cat >$out/src/rules_rust_prost/defs.bzl <<'B'
load("@rules_rust//proto/prost:defs.bzl", _rust_prost_library = "rust_prost_library", _rust_prost_toolchain = "rust_prost_toolchain")

rust_prost_library = _rust_prost_library
rust_prost_toolchain = _rust_prost_toolchain
B

add rules_nixpkgs_core 0.13.0 $nixpkgs_core
override rules_nixpkgs_core $nixpkgs_core
cp $nixpkgs_core/MODULE.bazel $out/modules/rules_nixpkgs_core/0.13.0/

# what bazel_tools' MODULE.bazel uses of buildozer; `bazel mod` evaluates it
echo 'buildozer_binary = use_extension("//:buildozer_binary.bzl", "buildozer_binary")
use_repo(buildozer_binary, "buildozer_binary")' >>$out/modules/buildozer/7.1.2/MODULE.bazel
echo '_repo = repository_rule(implementation = lambda ctx: ctx.file("BUILD.bazel"))
buildozer_binary = module_extension(implementation = lambda ctx: _repo(name = "buildozer_binary"))' >$out/src/buildozer/buildozer_binary.bzl
