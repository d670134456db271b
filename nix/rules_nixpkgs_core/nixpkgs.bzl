"""Nix packages as Bazel repositories: `nixpkgs_package`, with the API of rules_nixpkgs_core 0.13.

Served by the offline registry (nix/packages/bazel-registry.nix) to machines that cannot reach the Bazel Central
Registry. Code that loads it cannot tell it from the original.
"""

def _nix_build(repository_ctx):
    nix_build = repository_ctx.which("nix-build")
    if not nix_build and repository_ctx.attr.fail_not_supported:
        fail("@{}: there is no nix-build in PATH. Install Nix, or start Bazel through ./bazelw, which does.".format(
            repository_ctx.attr.unmangled_name,
        ))
    return nix_build

def _nix_path(repository_ctx):
    attr = repository_ctx.attr
    if bool(attr.repository) == bool(attr.repositories):
        fail("nixpkgs_package {}: give one of `repository` and `repositories`".format(attr.unmangled_name))
    repositories = {attr.repository: "nixpkgs"} if attr.repository else attr.repositories
    args = []
    for label, prefix in repositories.items():
        path = repository_ctx.path(label)

        # by this, Bazel 7 watches the files, and so it does for the original
        listed = path.dirname.get_child("nix-file-deps")
        for file in repository_ctx.read(listed).splitlines() if listed.exists else []:
            repository_ctx.path(label.same_package_label(file))
        args += ["-I", "{}={}".format(prefix, path)]
    return args

def _expression(repository_ctx):
    attr = repository_ctx.attr
    if attr.nix_file and attr.nix_file_content:
        fail("nixpkgs_package {}: give one of `nix_file` and `nix_file_content`".format(attr.unmangled_name))
    if attr.nix_file:
        return [repository_ctx.path(attr.nix_file)]
    return ["-E", attr.nix_file_content or "import <nixpkgs> { config = {}; overlays = []; }"]

def _nixpkgs_package_impl(repository_ctx):
    attr = repository_ctx.attr
    nix_path = _nix_path(repository_ctx)
    if attr.build_file and attr.build_file_content:
        fail("nixpkgs_package {}: give one of `build_file` and `build_file_content`".format(attr.unmangled_name))
    build_file = repository_ctx.read(attr.build_file) if attr.build_file else attr.build_file_content
    for dep in attr.nix_file_deps:
        repository_ctx.watch(dep)
    nix_build = _nix_build(repository_ctx)
    if not nix_build:
        return

    attribute = attr.attribute_path or ("" if attr.nix_file or attr.nix_file_content else attr.unmangled_name)
    repository_ctx.report_progress("nix-build -A " + attribute)
    result = repository_ctx.execute(
        [nix_build] + nix_path + _expression(repository_ctx) + (["-A", attribute] if attribute else []) +
        # keeps the garbage collector away for as long as the repository is there
        ["--out-link", "bazel-support/nix-out-link"] + attr.nixopts,
        quiet = attr.quiet,
        timeout = 86400,
    )
    if result.return_code:
        fail("@{}: nix-build of '{}' failed:\n{}".format(attr.unmangled_name, attribute, result.stderr))
    out = repository_ctx.path(result.stdout.strip().split("\n")[-1])
    if not out.is_dir:
        fail("@{}: {} is a single file; only folders can be a repository".format(attr.unmangled_name, out))

    for child in out.readdir():
        repository_ctx.symlink(child, child.basename)
    if build_file:
        repository_ctx.file("BUILD.bazel", build_file, executable = False)
    else:
        repository_ctx.template("BUILD.bazel", Label("//:BUILD.bazel.tpl"), executable = False)

_nixpkgs_package = repository_rule(
    implementation = _nixpkgs_package_impl,
    attrs = {
        "attribute_path": attr.string(),
        "build_file": attr.label(),
        "build_file_content": attr.string(),
        "fail_not_supported": attr.bool(default = True),
        "nix_file": attr.label(allow_single_file = [".nix"]),
        "nix_file_content": attr.string(),
        "nix_file_deps": attr.label_list(),
        "nix_license_path": attr.string(),
        "nixopts": attr.string_list(),
        "quiet": attr.bool(),
        "repositories": attr.label_keyed_string_dict(),
        "repository": attr.label(),
        "unmangled_name": attr.string(mandatory = True),
    },
    environ = ["NIX_CONFIG", "NIX_REMOTE", "PIP_INDEX_URL", "RULES_ESP32_MIRROR", "RULES_ESP32_PYPI", "RULES_ESP32_SNAPSHOT"],
)

def nixpkgs_package(
        name,
        attribute_path = "",
        nix_file = None,
        nix_file_deps = [],
        nix_file_content = "",
        nix_license_path = "",
        repository = None,
        repositories = {},
        build_file = None,
        build_file_content = "",
        nixopts = [],
        quiet = False,
        fail_not_supported = True,
        **_kwargs):
    """Makes the output of a Nix package a Bazel repository: links to what the store path holds, and a BUILD file.

    Args:
      name: string; the repository's name.
      attribute_path: string; which attribute of the expression, such as `llvm-xtensa`; default: `name`.
      nix_file: label of a file with the expression to build; default: `import <nixpkgs> { }`.
      nix_file_deps: labels of files that the expression reads.
      nix_file_content: string; the expression itself.
      nix_license_path: string; taken for the sake of the API, not looked at.
      repository: label of what `<nixpkgs>` is; the same as `repositories = {"nixpkgs": ...}`.
      repositories: dict from names in NIX_PATH to labels.
      build_file: label of the BUILD file of the new repository.
      build_file_content: string; the same as text. By default there are filegroups `bin`, `lib` and `include`.
      nixopts: strings; more arguments of nix-build.
      quiet: bool; whether nix-build's output is hidden.
      fail_not_supported: bool; False leaves the repository empty on a machine that has no Nix.
      **_kwargs: what later versions of the API may add.
    """
    _nixpkgs_package(
        name = name,
        attribute_path = attribute_path,
        build_file = build_file,
        build_file_content = build_file_content,
        fail_not_supported = fail_not_supported,
        nix_file = nix_file,
        nix_file_content = nix_file_content,
        nix_file_deps = nix_file_deps,
        nix_license_path = nix_license_path,
        nixopts = nixopts,
        quiet = quiet,
        repositories = {label: prefix for prefix, label in repositories.items()},
        repository = repository,
        unmangled_name = name,
    )
