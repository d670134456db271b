# Nix packages made of pinned Debian packages; needs no nixpkgs.
#
# lock: what debian.lock.json holds. mirror: base URL that the packages are under; no output path depends on it.
# Result: { busybox, debPackages, fetch, fromSource, run, system } (see each).
{ lock, mirror }:
let
  system = "x86_64-linux";
  # Debian's triplet, as its library folders have it
  triplet = "x86_64-linux-gnu";
  safe = builtins.replaceStrings [ "~" "%" ":" ] [ "-" "-" "-" ];

  deb = name:
    let package = lock.packages.${name} or (throw "nix/debian.lock.json has no package ${name}: add `root ${name}` to nix/debian.roots and run nix/update-lock");
    in import <nix/fetchurl.nix> {
      name = safe (baseNameOf package.path);
      # not an error yet: what is in the store needs no mirror
      url = "${if mirror == "" then "set RULES_ESP32_MIRROR to the URL of a Debian mirror: " else mirror}/${builtins.replaceStrings [ "+" ] [ "%2b" ] package.path}";
      inherit (package) sha256;
    };

  # A .deb is an `ar` archive, which nothing built into Nix opens, so the sandbox's /bin/sh carves data.tar.xz out of it
  # with builtins only. Its hash is fixed: it does not matter which shell that is.
  busybox = derivation {
    name = "busybox";
    system = "builtin";
    builder = "builtin:unpack-channel";
    channelName = "usr";
    src = derivation {
      name = "busybox-data.tar.xz";
      inherit system;
      builder = "/bin/sh";
      args = [ ./carve.sh ];
      deb = deb "busybox-static";
      outputHash = lock.busyboxData;
      outputHashAlgo = "sha256";
      outputHashMode = "flat";
    };
  };
  ash = "${busybox}/usr/bin/busybox";

  closure = roots: map (x: x.key) (builtins.genericClosure {
    startSet = map (key: { inherit key; }) roots;
    operator = x: map (key: { inherit key; }) lock.packages.${x.key}.depends;
  });
  # a Debian version as upstream has it
  upstream = version: builtins.elemAt (builtins.match "([0-9]+:)?([0-9.]+).*" version) 1;
in rec {
  inherit busybox system;

  # A derivation that runs `script` in busybox's ash with busybox's tools as PATH; `env` are its variables.
  run = name: script: env: derivation ({
    inherit name system;
    busybox = ash;
    builder = ash;
    args = [ "ash" "-eu" ./run.sh script ];
    preferLocalBuild = true;
  } // env);

  # One store path with the merged usr/ of `packages` and everything that they depend on, less what is in `deps` (earlier
  # results of this function). Every ELF file gets the dynamic loader and the libraries of the store, and none other.
  #   partial       { PACKAGE = "./PATH ..."; }: what to unpack of a package of which little is needed; may name $version
  #   keep          folders and files below share/ and etc/ to keep, separated by spaces
  #   postInstall   shell code that runs in $out before ELF files are patched (and dangling links removed)
  #   postFixup     shell code that runs in $out after that, when the programs of $out run
  #   env           more variables for both
  #   license       an SPDX expression, for the bill of materials
  #   isLinked      whether parts of it end up in images
  debPackages = { pname, packages, deps ? [ ], partial ? { }, keep ? "", postInstall ? "", postFixup ? "", env ? { }, license ? null, isLinked ? false }:
    let
      names = builtins.filter (n: !(builtins.any (d: builtins.elem n d.names) deps)) (closure packages);
      version = upstream lock.packages.${builtins.head packages}.version;
    in run "${pname}-${version}" ./build.sh ({
      inherit pname version keep postInstall postFixup triplet;
      deps = map (d: d.outPath) deps;
      debs = map deb (builtins.filter (n: !(partial ? ${n})) names);
      partial = builtins.concatStringsSep "\n" (map (n: "${deb n} ${partial.${n}}") (builtins.attrNames partial));
      patchelfDebs = map deb (closure [ "patchelf" ]);
    } // env) // { inherit names version pname license isLinked; };

  # What the builder `script` (see run) makes of a package of source code; it is linked into images.
  #   source        the Debian package; the builder has it as $source, unless `env` says something else
  #   env           variables
  #   license       an SPDX expression, for the bill of materials
  fromSource = { pname, source, script, env, license }:
    let version = upstream lock.packages.${source}.version;
    in run "${pname}-${version}" script ({ inherit pname version; source = deb source; } // env) // {
      inherit pname version license;
      names = [ source ];
      isLinked = true;
    };

  # `package`, a result of debPackages, in a form that runs wherever it is, with no Nix store there: see portable.sh.
  #   llvm          the package whose clang compiles the launchers
  #   programs      names of the programs to keep, separated by spaces; default: all
  #   merge         packages whose libraries are added
  #   postPortable  shell code that runs in $out at the end; `launcher FILE NAME MACRO...` compiles one
  portable = { package, llvm, programs ? "", merge ? [ ], postPortable ? "" }: run "${package.pname}-portable-${package.version}" ./portable.sh {
    inherit programs postPortable triplet;
    package = package.outPath;
    llvm = "${llvm}/lib/llvm-23";
    merge = map (p: p.outPath) merge;
    launcher = ./launcher.c;
    patchelfDebs = map deb (closure [ "patchelf" ]);
  };

  # A folder with a bill of materials for each of `packages` (results of debPackages), FILE.cdx.json: a component of CycloneDX
  # with the Debian packages that it is made of. Nothing but text: no package has to be there.
  sbom = packages:
    let
      arch = path: builtins.elemAt (builtins.match ".*_([a-z0-9]+)[.]deb" path) 0;
      quote = builtins.replaceStrings [ "+" ":" ] [ "%2B" "%3A" ];
      debComponent = name: let inherit (lock.packages.${name}) path sha256 suite version; in {
        type = "library";
        inherit name version;
        purl = "pkg:deb/debian/${quote name}@${quote version}?arch=${arch path}&distro=${suite}";
        hashes = [ { alg = "SHA-256"; content = sha256; } ];
      };
      component = package: {
        type = "application";
        bom-ref = "toolchain:${package.pname}@${package.version}";
        name = package.pname;
        inherit (package) version;
        scope = if package.isLinked then "required" else "excluded";
        # hashed over all that it is made from
        properties = [ { name = "nix:storePath"; value = builtins.unsafeDiscardStringContext package.outPath; } ];
        components = map debComponent package.names;
      } // (if package.license == null then { } else { licenses = [ { expression = package.license; } ]; });
      bootstrap = {
        pname = "busybox";
        names = [ "busybox-static" ];
        inherit (lock.packages.busybox-static) version;
        inherit (busybox) outPath;
        license = "GPL-2.0-only";
        isLinked = false;
      };
    in run "sbom" ./sbom.sh (builtins.listToAttrs (map (package: {
      name = "sbom_${builtins.replaceStrings [ "-" ] [ "_" ] package.pname}";
      value = builtins.toJSON (component package);
    }) (packages ++ [ bootstrap ])) // {
      names = map (package: package.pname) (packages ++ [ bootstrap ]);
    });

  # Every pinned file, to be downloaded before anything is built (nix/fetch).
  fetch = builtins.mapAttrs (name: _: deb name) lock.packages;
}
