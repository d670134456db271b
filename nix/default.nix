# The toolchains and Bazel: `nix-build nix -A llvm-xtensa`, and so on.
#
# mirror    base URL of a Debian mirror or of a dated snapshot archive; no output path depends on it
# lockFile  the pins. debian.lock.local.json, which `nix/fetch` makes where the pinned files are no longer to be had, wins.
# Other arguments, such as the `config` and `overlays` of nixpkgs, are taken and not looked at: nixpkgs_package passes them.
{ mirror ? (import ./mirror.nix { }).mirror
, lockFile ? if builtins.pathExists ./debian.lock.local.json then ./debian.lock.local.json else ./debian.lock.json
, ...
}:
let
  debian = import ./debian.nix { inherit mirror; lock = builtins.fromJSON (builtins.readFile lockFile); };
  inherit (debian) debPackages run;
in rec {
  inherit (debian) busybox fetch;
  llvm-xtensa = import ./packages/llvm-xtensa.nix { inherit debPackages; };
  rustc-xtensa = import ./packages/rustc-xtensa.nix { inherit debPackages llvm-xtensa; };
  binutils-xtensa = import ./packages/binutils-xtensa.nix { inherit debPackages; };
  bindgen = import ./packages/bindgen.nix { inherit debPackages; };
  protoc = import ./packages/protoc.nix { inherit debPackages; };
  qemu-xtensa = import ./packages/qemu-xtensa.nix { inherit debPackages; };
  buildbox = import ./packages/buildbox.nix { inherit debPackages; };
  host-sysroot = import ./packages/host-sysroot.nix { inherit debPackages; };

  # the packages that actions use, to run where there is no Nix store: remote workers
  portable = import ./packages/portable.nix {
    inherit (debian) portable;
    inherit llvm-xtensa rustc-xtensa binutils-xtensa bindgen protoc;
  };

  # what the packages that images are made with are made of: ATTRIBUTE.cdx.json, a component of CycloneDX 1.6 as JSON
  sbom = debian.sbom [ llvm-xtensa rustc-xtensa binutils-xtensa bindgen protoc host-sysroot ];

  # --- Bazel, for those who have none
  bazel-packages = import ./packages/bazel.nix { inherit debPackages run; };
  bazel-registry = import ./packages/bazel-registry.nix { inherit run protoc; inherit (bazel-packages) dist; };
  bazel = bazel-packages.bazel bazel-registry;
}
