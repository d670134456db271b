"""ESP-IDF's own configure: what it is given, how it is run, and what its failures mean."""

load(":explain.bzl", "explain_configure_failure")
load(":ninja.bzl", "commands_for", "custom_commands")

_TOOLS = ["addr2line", "ar", "as", "cpp", "g++", "gcc", "gcov", "gdb", "ld", "nm", "objcopy", "objdump", "ranlib", "readelf", "size", "strip"]

_QUERY = ".cmake/api/v1/query/codemodel-v2"

_TIMEOUT_SECONDS = 600

def _crosstool_version(rctx, root):
    """The compiler's version that a tree was made for, such as `esp-14.2.0_20260121`, which its CMake compares."""
    for tool in json.decode(rctx.read(root.get_child("tools/tools.json")))["tools"]:
        if tool["name"] == "xtensa-esp-elf":
            return tool["versions"][0]["name"]
    fail("esp_idf: {}/tools/tools.json names no xtensa-esp-elf: a tree that supports this chip does".format(root))

def _stub_compilers(rctx, root):
    crosstool = _crosstool_version(rctx, root)
    version = crosstool.removeprefix("esp-").partition("_")[0]
    gcc = rctx.path(Label("@gcc_xtensa//:bin/xtensa-lx106-elf-gcc"))
    plugin = rctx.path(Label("@binutils_xtensa//:lib/esp32.so"))
    rctx.template(
        "stub/xtensa-esp32-elf-gcc",
        Label("//esp32/private/idf:stub_compiler.sh"),
        substitutions = {
            "@CROSSTOOL_VERSION@": crosstool,
            "@GCC@": str(gcc),
            "@GCC_EXEC_PREFIX@": "{}/lib/gcc/".format(gcc.dirname.dirname),
            "@GCC_VERSION@": version,
            "@GCC_VERSION_DIGITS@": ".".join([("0" * 8 + part)[-8:] for part in version.split(".")]),
            "@PLUGIN@": str(plugin),
        },
    )
    for tool in _TOOLS:
        if tool != "gcc":
            rctx.symlink("stub/xtensa-esp32-elf-gcc", "stub/xtensa-esp32-elf-" + tool)

def _python(rctx):
    return rctx.path(Label("@esp_idf_tools//:bin/python3"))

def environment(rctx, root):
    """The environment in which programs of ESP-IDF run.

    Args:
      rctx: the repository_ctx.
      root: path; of the tree.

    Returns:
      dict from string to string.
    """
    return {
        "IDF_COMPONENT_MANAGER": "0",
        "IDF_PATH": str(root),
        "LC_ALL": "C.UTF-8",
        "PATH": "{}:{}".format(rctx.path("stub"), _python(rctx).dirname),
        "PYTHONDONTWRITEBYTECODE": "1",
        # of the user's own, which would change what is configured
        "ESP_ROM_ELF_DIR": "",
        "IDF_TARGET": "",
        "SDKCONFIG_DEFAULTS": "",
    }

def _write_project(rctx, name, version, components, main, main_requires, kconfigs, kconfigs_projbuild):
    """The CMake project: the user's components as links, and a main component that stands for all of the user's other code."""
    text = ["cmake_minimum_required(VERSION 3.16)"]
    if main_requires:
        # nothing but the build itself needs the bootloader
        text.append("set(COMPONENTS main bootloader {})".format(" ".join(main_requires + components)))
    if version:
        text.append("set(PROJECT_VER \"{}\")".format(version))
    text += ["include($ENV{IDF_PATH}/tools/cmake/project.cmake)", "project({})".format(name), ""]
    rctx.file("project/CMakeLists.txt", "\n".join(text), executable = False)
    kconfigs = {"Kconfig": kconfigs, "Kconfig.projbuild": kconfigs_projbuild}
    if main:
        _link_main(rctx, main, kconfigs)
        return
    for extension in ["c", "cpp", "S"]:
        rctx.file("project/main/main." + extension, "", executable = False)
    requires = " REQUIRES " + " ".join(main_requires) if main_requires else ""
    rctx.file("project/main/CMakeLists.txt", "idf_component_register(SRCS main.c main.cpp main.S{})\n".format(requires), executable = False)
    _write_kconfigs(rctx, kconfigs)

def _write_kconfigs(rctx, kconfigs):
    for file, paths in kconfigs.items():
        if paths:
            rctx.file("project/main/" + file, "".join(["source \"{}\"\n".format(path) for path in paths]), executable = False)

def _link_main(rctx, folder, kconfigs):
    """The user's own main component, with the Kconfig files of code that has no CMakeLists.txt."""
    if not [paths for paths in kconfigs.values() if paths]:
        rctx.symlink(folder, "project/main")
        return
    both = dict(kconfigs)
    for entry in folder.readdir():
        if both.get(entry.basename):
            both[entry.basename] = [entry] + both[entry.basename]
        else:
            rctx.symlink(entry, "project/main/" + entry.basename)
    _write_kconfigs(rctx, both)

def _run(rctx, arguments, env, what, folders, known = []):
    rctx.report_progress(what)
    result = rctx.execute(arguments, environment = env, quiet = True, timeout = _TIMEOUT_SECONDS)
    if result.return_code != 0:
        fail("esp_idf.config(name = \"{}\"): {} failed.\n{}".format(
            rctx.attr.config_name,
            what,
            explain_configure_failure(result.stdout, result.stderr, folders, known),
        ))

def configure(rctx, root, components, bootloader_components, kconfigs, kconfigs_projbuild):
    """Runs ESP-IDF's configure for the application, and for the bootloader.

    It leaves the folders `build` and `build/bootloader`, each with project_description.json and CMake's codemodel-v2.

    Args:
      rctx: the repository_ctx.
      root: path; of the tree.
      components: dict from the name of a component of the user's to its path.
      bootloader_components: the same for the bootloader.
      kconfigs: list of paths of Kconfig files of the user's.
      kconfigs_projbuild: the same for Kconfig.projbuild files.

    Returns:
      struct (commands: dict as of `custom_commands`, env: dict from string to string, folders: dict as for
      `explain_configure_failure`, has_bootloader: bool, python: path).
    """
    env = environment(rctx, root)
    _stub_compilers(rctx, root)
    folders = {str(root): "$IDF_PATH", str(rctx.path("project")): "the project"}
    for folder, given in [("components", components), ("bootloader_components", bootloader_components)]:
        for name, path in given.items():
            is_main = name == "main" and folder == "components"
            link = "project/main" if is_main else "project/{}/{}".format(folder, name)
            if not is_main:
                rctx.symlink(path, link)
            folders[str(rctx.path("project")) + link.removeprefix("project")] = str(path).removeprefix(str(rctx.workspace_root) + "/")
    _write_project(
        rctx,
        name = rctx.attr.project_name,
        version = rctx.attr.project_version,
        components = [c for c in components if c != "main"],
        main = components.get("main"),
        main_requires = rctx.attr.main_requires,
        kconfigs = kconfigs,
        kconfigs_projbuild = kconfigs_projbuild,
    )
    for folder in ["build", "build/bootloader"]:
        rctx.file("{}/{}".format(folder, _QUERY), "", executable = False)
    _run(
        rctx,
        [
            _python(rctx).dirname.get_child("cmake"),
            "-G",
            "Ninja",
            "-Wno-dev",
            "-S",
            rctx.path("project"),
            "-B",
            rctx.path("build"),
            "-DCMAKE_DISABLE_FIND_PACKAGE_Git=ON",
            "-DIDF_TARGET=" + rctx.attr.chip,
            "-DPYTHON=" + str(_python(rctx)),
            "-DPYTHON_DEPS_CHECKED=1",
            "-DSDKCONFIG={}".format(rctx.path("build/sdkconfig")),
            "-DSDKCONFIG_DEFAULTS=" + ";".join([str(rctx.path(f)) for f in rctx.attr.sdkconfig_defaults]),
        ],
        env,
        "Configuring ESP-IDF",
        folders,
        known = [c.basename for c in root.get_child("components").readdir()] + components.keys(),
    )
    commands = custom_commands(rctx.read("build/build.ninja"))
    configured = "bootloader-prefix/src/bootloader-stamp/bootloader-configure"
    has_bootloader = configured in commands
    if has_bootloader:
        run_commands(rctx, commands, [configured], env, "Configuring ESP-IDF's bootloader", folders)
    return struct(
        commands = commands,
        env = env,
        folders = folders,
        has_bootloader = has_bootloader,
        python = _python(rctx),
    )

def run_commands(rctx, commands, wanted, env, what, folders, build = "build"):
    """Makes files by the custom commands of CMake.

    Args:
      rctx: the repository_ctx.
      commands: dict; of `custom_commands`.
      wanted: list of strings; absolute paths of files, or paths relative to the build folder.
      env: dict from string to string; the environment.
      what: string; what is done, for the progress and for errors.
      folders: dict; as for `explain_configure_failure`.
      build: string; the build folder.
    """
    ordered = commands_for(commands, wanted, str(rctx.path(build)))
    if ordered:
        # mkdir and the like, which CMake's commands are joined with
        _run(rctx, ["/bin/sh", "-ec", "\n".join(ordered)], env, what, folders)
