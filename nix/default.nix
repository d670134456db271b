# The toolchains and Bazel: `nix-build nix -A llvm-xtensa`, and so on.
#
# mirror    base URL of a Debian mirror or of a dated snapshot archive; no output path depends on it
# lockFile  the pins. debian.lock.local.json, which `nix/fetch` makes where the pinned files are no longer to be had, wins.
# pypiLockFile  the pins of Python packages; where they come from is said in pypi.nix
# Other arguments, such as the `config` and `overlays` of nixpkgs, are taken and not looked at: nixpkgs_package passes them.
{ mirror ? (import ./mirror.nix { }).mirror
, lockFile ? if builtins.pathExists ./debian.lock.local.json then ./debian.lock.local.json else ./debian.lock.json
, pypiLockFile ? ./pypi.lock.json
, ...
}:
let
  debian = import ./debian.nix { inherit mirror; lock = builtins.fromJSON (builtins.readFile lockFile); };
  inherit (debian) debPackages fromSource run;
in rec {
  inherit (debian) busybox fetch;
  llvm-xtensa = import ./packages/llvm-xtensa.nix { inherit debPackages; };
  rustc-xtensa = import ./packages/rustc-xtensa.nix { inherit debPackages; };
  xtensa-config = import ./packages/xtensa-config.nix { inherit run rustc-xtensa llvm-xtensa host-cc; };
  binutils-xtensa = import ./packages/binutils-xtensa.nix { inherit debPackages xtensa-config; };
  gcc-xtensa = import ./packages/gcc-xtensa.nix { inherit debPackages binutils-xtensa xtensa-config; };
  xtensa-ld = import ./packages/xtensa-ld.nix { inherit run llvm-xtensa rustc-xtensa binutils-xtensa host-cc; };
  rust-std-xtensa = import ./packages/rust-std-xtensa.nix { inherit debPackages run llvm-xtensa rustc-xtensa xtensa-ld; };
  rust-std-xtensa-espidf = import ./packages/rust-std-xtensa.nix { inherit debPackages run llvm-xtensa rustc-xtensa xtensa-ld; isEspIdf = true; };

  # C and C++ libraries for the chip, and what builds them. Those for another core of xtensa-config are under its name:
  # `nix-build nix -A de233_fpu.newlib-xtensa`.
  make = import ./packages/make.nix { inherit debPackages; };
  gcc-source = import ./packages/gcc-source.nix { inherit fromSource; };
  newlib-headers-xtensa = import ./packages/newlib-headers-xtensa.nix { inherit fromSource; target = xtensaTarget "esp32"; };
  esp32 = librariesFor "esp32";
  inherit (esp32) newlib-xtensa libgcc-xtensa libstdcxx-xtensa;
  esp32-soft = librariesFor "esp32-soft";
  de233_fpu = librariesFor "de233_fpu";
  de233_fpu-soft = librariesFor "de233_fpu-soft";
  librariesFor = core: let target = xtensaTarget core; in {
    newlib-xtensa = import ./packages/newlib-xtensa.nix { inherit fromSource target make newlib-headers-xtensa; };
    libgcc-xtensa = import ./packages/libgcc-xtensa.nix { inherit fromSource target make gcc-source newlib-headers-xtensa; };
    libstdcxx-xtensa = import ./packages/libstdcxx-xtensa.nix { inherit fromSource target make gcc-source newlib-headers-xtensa; };
  };
  xtensaTarget = core: import ./packages/xtensa-target.nix { inherit core gcc-xtensa binutils-xtensa xtensa-config; };
  # compilers and libraries in one folder, for CMake and the like
  xtensa-esp32-elf = import ./packages/xtensa-esp32-elf.nix {
    inherit run binutils-xtensa gcc-xtensa newlib-xtensa libgcc-xtensa libstdcxx-xtensa;
  };

  # for who measures what tests cover, and who debugs
  llvm-coverage = import ./packages/llvm-coverage.nix { inherit debPackages llvm-xtensa rustc-xtensa; };
  openocd-esp32 = import ./packages/openocd-esp32.nix { inherit debPackages; wheels = pypi; };
  gdb-xtensa = import ./packages/gdb-xtensa.nix { inherit fromSource fetch make xtensa-config llvm-xtensa host-sysroot; };

  bindgen = import ./packages/bindgen.nix { inherit debPackages; };
  protoc = import ./packages/protoc.nix { inherit debPackages; };
  qemu-xtensa = import ./packages/qemu-xtensa.nix { inherit debPackages; };
  rust-analyzer = import ./packages/rust-analyzer.nix { inherit debPackages rustc-xtensa; };
  buildbox = import ./packages/buildbox.nix { inherit debPackages; };
  host-sysroot = import ./packages/host-sysroot.nix { inherit debPackages; };
  host-cc = import ./packages/host-cc.nix { inherit run llvm-xtensa host-sysroot; };

  # for ESP-IDF: CMake, ninja, and Python with modules from a Python package index
  pip = import ./packages/pip.nix { inherit debPackages; };
  pypi = let inherit (import ./pypi.nix { inherit run; pip = pip.outPath; }) download; in
    builtins.listToAttrs (map (pin: { inherit (pin) name; value = download pin; }) (builtins.fromJSON (builtins.readFile pypiLockFile)));
  espIdfTools = wheels: import ./packages/esp-idf-tools.nix { inherit debPackages pip wheels; };
  # `.debian`: without what is from the package index
  esp-idf-tools = espIdfTools (builtins.attrValues (builtins.removeAttrs pypi [ "openocd-esp32" ])) // { debian = espIdfTools [ ]; };

  # for cargo without Bazel
  cargo-config = import ./packages/cargo-config.nix { inherit run host-cc rustc-xtensa rust-std-xtensa xtensa-ld; };

  # the packages that actions use, to run where there is no Nix store: remote workers
  portable = import ./packages/portable.nix {
    inherit (debian) portable;
    inherit llvm-xtensa rustc-xtensa binutils-xtensa gcc-xtensa xtensa-ld bindgen protoc;
  };

  # what the packages that images are made with are made of: ATTRIBUTE.cdx.json, a component of CycloneDX 1.6 as JSON
  sbom = debian.sbom [
    llvm-xtensa rustc-xtensa rust-std-xtensa binutils-xtensa gcc-xtensa newlib-xtensa libgcc-xtensa libstdcxx-xtensa bindgen protoc host-sysroot
  ];

  # --- Bazel, for those who have none
  bazel-packages = import ./packages/bazel.nix { inherit debPackages run; };
  bazel-registry = import ./packages/bazel-registry.nix { inherit run protoc; inherit (bazel-packages) dist; };
  ca-certificates = debPackages { pname = "ca-certificates"; packages = [ "ca-certificates" ]; keep = "share/ca-certificates"; };
  java-keystore = javaKeystore "${ca-certificates}/share/ca-certificates";
  # of other files, or folders, with certificates in PEM
  javaKeystore = certificates: import ./packages/java-keystore.nix { inherit run certificates; };
  bazel = bazel-packages.bazel { registry = bazel-registry; trusted = java-keystore; };
}
