"""C/C++ toolchains made of clang: `xtensa_cc_toolchain_config` for chips, `linux_cc_toolchain_config` for the build machine.

All paths are relative to the execution root and to declared inputs: nothing absolute gets into an object, a dependency
file or an action.
"""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "ACTION_NAMES")
load(
    "@bazel_tools//tools/cpp:cc_toolchain_config_lib.bzl",
    "action_config",
    "feature",
    "flag_group",
    "flag_set",
    "tool",
    "variable_with_value",
)

_COMPILE = [
    ACTION_NAMES.c_compile,
    ACTION_NAMES.cpp_compile,
    ACTION_NAMES.cpp_header_parsing,
    ACTION_NAMES.linkstamp_compile,
]
_ASSEMBLE = [ACTION_NAMES.assemble, ACTION_NAMES.preprocess_assemble]
_LINK_EXECUTABLE = [ACTION_NAMES.cpp_link_executable]
_LINK_SHARED = [ACTION_NAMES.cpp_link_dynamic_library, ACTION_NAMES.cpp_link_nodeps_dynamic_library]

# The same bits everywhere: no build time, no resolved links and no working folder in objects.
_DETERMINISTIC = [
    "-no-canonical-prefixes",
    "-ffile-compilation-dir=.",
    "-Wno-builtin-macro-redefined",
    "-D__DATE__=\"redacted\"",
    "-D__TIMESTAMP__=\"redacted\"",
    "-D__TIME__=\"redacted\"",
]

_COMMON_ATTRS = {
    "ar": attr.label(default = "@llvm_xtensa//:lib/llvm-23/bin/llvm-ar", allow_single_file = True, doc = "llvm-ar."),
    "clang": attr.label(default = "@llvm_xtensa//:lib/llvm-23/bin/clang", allow_single_file = True, doc = "clang."),
    "objcopy": attr.label(default = "@llvm_xtensa//:lib/llvm-23/bin/llvm-objcopy", allow_single_file = True, doc = "llvm-objcopy."),
    "strip": attr.label(default = "@llvm_xtensa//:lib/llvm-23/bin/llvm-strip", allow_single_file = True, doc = "llvm-strip."),
}

def _flags(name, actions, flags):
    return feature(
        name = name,
        enabled = True,
        flag_sets = [flag_set(actions = actions, flag_groups = [flag_group(flags = flags)])] if flags else [],
    )

def _tools(actions, file, implies = []):
    return [
        action_config(action_name = a, enabled = True, tools = [tool(tool = file)], implies = implies)
        for a in actions
    ]

def _archive(file):
    return [action_config(
        action_name = ACTION_NAMES.cpp_link_static_library,
        enabled = True,
        tools = [tool(tool = file)],
        # Bazel's own feature: the flags of an archiver
        implies = ["archiver_flags"],
    )]

def _archiver_flags():
    return feature(
        name = "archiver_flags",
        flag_sets = [flag_set(
            actions = [ACTION_NAMES.cpp_link_static_library],
            flag_groups = [
                # D: no time, user or mode in the archive
                flag_group(flags = ["rcsD"]),
                flag_group(flags = ["%{output_execpath}"], expand_if_available = "output_execpath"),
                flag_group(
                    iterate_over = "libraries_to_link",
                    expand_if_available = "libraries_to_link",
                    flag_groups = [
                        flag_group(
                            flags = ["%{libraries_to_link.name}"],
                            expand_if_equal = variable_with_value("libraries_to_link.type", "object_file"),
                        ),
                        flag_group(
                            flags = ["%{libraries_to_link.object_files}"],
                            iterate_over = "libraries_to_link.object_files",
                            expand_if_equal = variable_with_value("libraries_to_link.type", "object_file_group"),
                        ),
                    ],
                ),
            ],
        )],
    )

# Where clang has its own headers. Without %workspace%, Bazel takes it for a folder of the toolchain's package.
def _clang_headers(clang):
    return "%workspace%/" + clang.dirname.rpartition("/")[0] + "/lib/clang/23/include"

# What the ESP32's LX6 cores have, as LLVM names it (llvm/lib/Target/Xtensa/XtensaFeatures.td), less two: `fp`, which LLVM
# 23 cannot select for all of Rust's core, and `mul32high`, which stock QEMU's closest core lacks (DESIGN.md, decision 9).
_LX6_FEATURES = [
    "bool",
    "clamps",
    "coprocessor",
    "dcache",
    "debug",
    "density",
    "div32",
    "exception",
    "highpriinterrupts",
    "highpriinterrupts-level7",
    "interrupt",
    "loop",
    "mac16",
    "minmax",
    "miscsr",
    "mul16",
    "mul32",
    "nsa",
    "prid",
    "regprotect",
    "rvector",
    "s32c1i",
    "sext",
    "threadptr",
    "timers3",
    "windowed",
]

def _xtensa_impl(ctx):
    clang = ctx.file.clang
    target = ["--target=xtensa-none-elf"]
    for f in _LX6_FEATURES:
        target += ["-Xclang", "-target-feature", "-Xclang", "+" + f]
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        toolchain_identifier = "xtensa-esp32",
        compiler = "clang",
        target_cpu = "xtensa",
        target_system_name = "xtensa-esp32-elf",
        target_libc = "none",
        abi_libc_version = "none",
        abi_version = "windowed",
        cxx_builtin_include_directories = [_clang_headers(clang)],
        action_configs =
            _tools(_COMPILE, clang) + _tools(_ASSEMBLE, ctx.file.assembler) +
            _tools(_LINK_EXECUTABLE + _LINK_SHARED, clang) + _archive(ctx.file.ar) +
            _tools([ACTION_NAMES.strip], ctx.file.strip) + _tools([ACTION_NAMES.objcopy_embed_data], ctx.file.objcopy),
        features = [
            feature(name = "supports_pic", enabled = False),
            feature(name = "supports_dynamic_linker", enabled = False),
            _archiver_flags(),
            _flags("target", _COMPILE + _ASSEMBLE, target + ["-ffreestanding", "-nostdlibinc"]),
            _flags("deterministic", _COMPILE + _ASSEMBLE, _DETERMINISTIC + [
                # generated sources: by where bazel-bin has them, whatever the configuration is called
                "-fdebug-prefix-map={}=bazel-bin".format(ctx.bin_dir.path),
            ]),
            # one mode: what is debugged is what is flashed
            _flags("optimized", _COMPILE, ["-Os", "-ffunction-sections", "-fdata-sections", "-fno-common"]),
            _flags("debug_info", _COMPILE + _ASSEMBLE, ["-g"]),
            _flags("warnings", _COMPILE, ["-Wall"]),
            _flags("cxx", [ACTION_NAMES.cpp_compile], ["-std=c++17", "-fno-exceptions", "-fno-rtti"]),
        ],
    )

xtensa_cc_toolchain_config = rule(
    implementation = _xtensa_impl,
    doc = """C and C++ (no exceptions, no RTTI) for the ESP32's LX6 cores, and assembly for LLVM's assembler.

It compiles; what links is `esp32_firmware`.""",
    attrs = _COMMON_ATTRS | {
        "assembler": attr.label(mandatory = True, allow_single_file = True, doc = "A clang that also assembles for the chip."),
    },
    provides = [CcToolchainConfigInfo],
)

def _linux_impl(ctx):
    clang = ctx.file.clang
    sysroot = ctx.file.sysroot.dirname.rpartition("/")[0]
    gcc = "--gcc-install-dir={}/usr/lib/gcc/x86_64-linux-gnu/16".format(sysroot)
    link = _LINK_EXECUTABLE + _LINK_SHARED
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        toolchain_identifier = "linux-x86_64",
        compiler = "clang",
        target_cpu = "k8",
        target_system_name = "x86_64-linux-gnu",
        target_libc = "glibc",
        abi_libc_version = "glibc",
        abi_version = "glibc",
        builtin_sysroot = sysroot,
        cxx_builtin_include_directories = [sysroot, _clang_headers(clang)],
        action_configs =
            _tools(_COMPILE + _ASSEMBLE, clang) + _tools(link, ctx.file.clangxx) + _archive(ctx.file.ar) +
            _tools([ACTION_NAMES.strip], ctx.file.strip) + _tools([ACTION_NAMES.objcopy_embed_data], ctx.file.objcopy),
        features = [
            feature(name = "supports_pic", enabled = True),
            feature(name = "supports_dynamic_linker", enabled = False),
            _archiver_flags(),
            _flags("target", _COMPILE + _ASSEMBLE + link, ["--target=x86_64-linux-gnu", gcc]),
            _flags("deterministic", _COMPILE + _ASSEMBLE, _DETERMINISTIC),
            _flags("warnings", _COMPILE, ["-Wall"]),
            _flags("cxx", [ACTION_NAMES.cpp_compile], ["-std=c++17"]),
            feature(name = "dbg", flag_sets = [flag_set(actions = _COMPILE, flag_groups = [flag_group(flags = ["-g"])])]),
            feature(name = "opt", flag_sets = [flag_set(actions = _COMPILE, flag_groups = [flag_group(flags = ["-O2", "-DNDEBUG"])])]),
            _flags("linker", link, [
                "-fuse-ld=lld",
                "--ld-path=" + ctx.file.linker.path,
                "-no-canonical-prefixes",
                "-Wl,-z,relro,-z,now",
                "-Wl,--build-id=none",
            ]),
            # Programs carry their libc: they run on every Linux, and hold no path of the machine that made them.
            _flags("static", _LINK_EXECUTABLE, ["-static-pie"]),
        ],
    )

linux_cc_toolchain_config = rule(
    implementation = _linux_impl,
    doc = "C and C++ for the build machine: clang and lld against a pinned glibc, linked statically.",
    attrs = _COMMON_ATTRS | {
        "clangxx": attr.label(
            default = "@llvm_xtensa//:lib/llvm-23/bin/clang++",
            allow_single_file = True,
            doc = "clang++, which links: it knows the C++ library, and leaves it out for rustc (-nodefaultlibs).",
        ),
        "linker": attr.label(mandatory = True, allow_single_file = True, doc = "ld.lld."),
        "sysroot": attr.label(mandatory = True, allow_single_file = True, doc = "A file in a folder directly below the sysroot."),
    },
    provides = [CcToolchainConfigInfo],
)
