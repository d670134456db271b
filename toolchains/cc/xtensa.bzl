"""`xtensa_gcc_toolchain_config` and `xtensa_clang_toolchain_config`: C, C++ and assembly for a chip.

They compile; what links is `esp32_firmware`. Assembly is GNU as's with both, and so are ar, objcopy and strip.
"""

load("@rules_cc//cc:action_names.bzl", "ACTION_NAMES")
load(
    "@rules_cc//cc:cc_toolchain_config_lib.bzl",
    "env_entry",
    "env_set",
    "feature",
    "flag_group",
    "flag_set",
    "with_feature_set",
)
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_cc//cc/toolchains:cc_toolchain_config_info.bzl", "CcToolchainConfigInfo")
load(
    ":features.bzl",
    "ASSEMBLE",
    "COMPILE",
    "DETERMINISTIC",
    "LINK_EXECUTABLE",
    "LINK_SHARED",
    "archive",
    "archiver_flags",
    "flags",
    "idirafter",
    "include_directory",
    "tools",
)
load(":front_end.bzl", "ClangFrontEndInfo")

_BINUTILS_ATTRS = {
    "ar": attr.label(default = "@binutils_xtensa//:bin/xtensa-lx106-elf-ar", allow_single_file = True, doc = "GNU ar."),
    "gcc": attr.label(default = "@gcc_xtensa//:bin/xtensa-lx106-elf-gcc", allow_single_file = True, doc = "gcc."),
    "gcc_stddef": attr.label(default = "@gcc_xtensa//:stddef", allow_single_file = True, doc = "stddef.h, in the folder of GCC's own headers."),
    "limits": attr.label(default = "//toolchains/cc:include/limits.h", allow_single_file = True, doc = "limits.h, in a folder that comes before all others."),
    "newlib": attr.label(default = "@newlib_headers_xtensa//:include/newlib.h", allow_single_file = True, doc = "newlib.h, in the folder of the C library's headers."),
    "objcopy": attr.label(default = "@binutils_xtensa//:bin/xtensa-lx106-elf-objcopy", allow_single_file = True, doc = "GNU objcopy."),
    "plugin": attr.label(mandatory = True, allow_single_file = [".so"], doc = "What makes GCC and binutils those of a core: XTENSA_GNU_CONFIG."),
    "strip": attr.label(default = "@binutils_xtensa//:bin/xtensa-lx106-elf-strip", allow_single_file = True, doc = "GNU strip."),
}

# One mode: what is debugged is what is flashed.
_OPTIMIZED = ["-Os", "-ffunction-sections", "-fdata-sections"]

_CXX = [ACTION_NAMES.cpp_compile, ACTION_NAMES.cpp_header_parsing]

def _either(name):
    """With the feature `name` -fNAME, without it -fno-NAME."""
    return [
        flag_set(
            actions = _CXX,
            flag_groups = [flag_group(flags = [flag + name])],
            with_features = [with_feature_set(**{which: [name]})],
        )
        for flag, which in [("-f", "features"), ("-fno-", "not_features")]
    ]

def _headers(ctx):
    # newlib's first: GCC's own stdint.h is that of a compiler without a library, after which inttypes.h has no PRIx64
    return [ctx.file.limits.dirname, ctx.file.newlib.dirname, ctx.file.gcc_stddef.dirname]

def _gcc_flags(ctx, actions):
    """What GCC takes for the sources of `actions`: the core, GNU as, headers, and no path of the machine in what it makes."""
    return [
        flags("gnu_target", actions, [
            # no temporary files
            "-pipe",
            "-mlongcalls",
            "-nostdinc",
            # dependency files name headers as they were found, not what links among them point to
            "-fno-canonical-system-headers",
        ] + idirafter(_headers(ctx))),
        flags("gnu_deterministic", actions, DETERMINISTIC + [
            # the working folder, the last that fits counts: where remote workers have it, which may set PWD themselves; as Bazel
            # calls it; and where its hermetic sandbox has it, which lacks /proc
            "-ffile-prefix-map=/=.",
            "-ffile-prefix-map=/proc/self/cwd=.",
            "-ffile-prefix-map=/execroot/{}=.".format(ctx.workspace_name),
            # generated sources: by where bazel-bin has them, whatever the configuration is called
            "-ffile-prefix-map={}=bazel-bin".format(ctx.bin_dir.path),
            "-gno-record-gcc-switches",
        ]),
    ]

def _toolchain_config(ctx, compiler, programs, include_directories, features):
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        toolchain_identifier = "xtensa-esp32-" + compiler,
        compiler = compiler,
        target_cpu = "xtensa",
        target_system_name = "xtensa-esp32-elf",
        target_libc = "newlib",
        abi_libc_version = "newlib",
        abi_version = "windowed",
        cxx_builtin_include_directories = [include_directory(d) for d in include_directories + _headers(ctx)],
        action_configs =
            programs + tools(ASSEMBLE, ctx.file.gcc) + archive(ctx.file.ar) +
            tools([ACTION_NAMES.strip], ctx.file.strip) + tools([ACTION_NAMES.objcopy_embed_data], ctx.file.objcopy),
        features = [
            feature(name = "supports_pic", enabled = False),
            feature(name = "supports_dynamic_linker", enabled = False),
            feature(name = "exceptions"),
            feature(name = "rtti"),
            archiver_flags(),
            feature(
                name = "core",
                enabled = True,
                env_sets = [env_set(
                    actions = COMPILE + ASSEMBLE,
                    env_entries = [
                        env_entry(key = key, value = value)
                        for key, value in {
                            # where GCC has its parts, GNU as among them
                            "GCC_EXEC_PREFIX": ctx.file.gcc.dirname.removesuffix("bin") + "lib/gcc/",
                            # else it looks on the machine for what the user's --action_env calls a language
                            "LC_ALL": "C",
                            "XTENSA_GNU_CONFIG": ctx.file.plugin.path,
                        }.items()
                    ],
                )],
            ),
            flags("optimized", COMPILE, _OPTIMIZED),
            flags("debug_info", COMPILE + ASSEMBLE, ["-g"]),
            # in place of Bazel's own, which has the configuration's name in it
            flags("random_seed", COMPILE, ["-frandom-seed=%{source_file}"], "source_file"),
            flags("warnings", COMPILE, ["-Wall"]),
            flags("c", [ACTION_NAMES.c_compile], ["-std=gnu17"]),
            flags("cxx", _CXX, ["-std=gnu++17", "-fuse-cxa-atexit"]),
            feature(name = "cxx_language", enabled = True, flag_sets = _either("exceptions") + _either("rtti")),
        ] + features,
    )

def _gcc_impl(ctx):
    return _toolchain_config(
        ctx,
        compiler = "gcc",
        programs = tools(COMPILE + LINK_EXECUTABLE + LINK_SHARED, ctx.file.gcc),
        include_directories = [],
        features = _gcc_flags(ctx, COMPILE + ASSEMBLE) + [
            # as ESP-IDF compiles (tools/cmake/build.cmake, and the top CMakeLists.txt for what keeps constants of code in IRAM out of
            # flash): a register of a peripheral is read and written in its own width
            flags("esp_idf", COMPILE, ["-fstrict-volatile-bitfields", "-fno-jump-tables", "-fno-tree-switch-conversion"]),
        ],
    )

xtensa_gcc_toolchain_config = rule(
    implementation = _gcc_impl,
    doc = "C, C++ and assembly for a chip by GCC. The features `exceptions` and `rtti`, which are off, are for C++.",
    attrs = _BINUTILS_ATTRS,
    provides = [CcToolchainConfigInfo],
)

def _clang_impl(ctx):
    front_end = ctx.attr.front_end[ClangFrontEndInfo]
    return _toolchain_config(
        ctx,
        compiler = "clang",
        programs = tools(COMPILE + LINK_EXECUTABLE + LINK_SHARED, ctx.file.clang),
        include_directories = front_end.include_directories,
        features = _gcc_flags(ctx, ASSEMBLE) + [
            flags("target", COMPILE, front_end.flags),
            flags("deterministic", COMPILE, DETERMINISTIC + [
                "-ffile-compilation-dir=.",
                "-fdebug-prefix-map={}=bazel-bin".format(ctx.bin_dir.path),
            ]),
        ],
    )

xtensa_clang_toolchain_config = rule(
    implementation = _clang_impl,
    doc = """C and C++ for a chip by clang, and assembly by GNU as.

It compiles plain C: what else it would compile wrong, `idf_component` refuses (tools/espabi).""",
    attrs = _BINUTILS_ATTRS | {
        "clang": attr.label(default = "@llvm_xtensa//:lib/llvm-23/bin/clang", allow_single_file = True, doc = "clang."),
        "front_end": attr.label(mandatory = True, providers = [ClangFrontEndInfo], doc = "What clang has to know of the chip."),
    },
    provides = [CcToolchainConfigInfo],
)
