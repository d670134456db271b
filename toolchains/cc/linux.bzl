"""`linux_cc_toolchain_config`: C and C++ for the build machine, by clang."""

load("@rules_cc//cc:action_names.bzl", "ACTION_NAMES")
load("@rules_cc//cc:cc_toolchain_config_lib.bzl", "feature", "flag_group", "flag_set")
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
    "clang_headers",
    "flags",
    "include_directory",
    "tools",
)

def _linux_impl(ctx):
    clang = ctx.file.clang
    sysroot = ctx.file.sysroot.dirname.rpartition("/")[0]
    gcc = "--gcc-install-dir={}/usr/lib/gcc/x86_64-linux-gnu/16".format(sysroot)
    link = LINK_EXECUTABLE + LINK_SHARED
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
        cxx_builtin_include_directories = [sysroot, include_directory(clang_headers(clang))],
        action_configs =
            tools(COMPILE + ASSEMBLE, clang) + tools(link, ctx.file.clangxx) + archive(ctx.file.ar) +
            tools([ACTION_NAMES.strip], ctx.file.strip) + tools([ACTION_NAMES.objcopy_embed_data], ctx.file.objcopy),
        features = [
            feature(name = "supports_pic", enabled = True),
            feature(name = "supports_dynamic_linker", enabled = False),
            archiver_flags(),
            flags("target", COMPILE + ASSEMBLE + link, ["--target=x86_64-linux-gnu", gcc]),
            flags("deterministic", COMPILE + ASSEMBLE, DETERMINISTIC + ["-ffile-compilation-dir=."]),
            flags("warnings", COMPILE, ["-Wall"]),
            flags("cxx", [ACTION_NAMES.cpp_compile], ["-std=c++17"]),
            # in place of Bazel's own, which links clang's profiling library, which is not there; Rust has its own
            feature(name = "coverage"),
            feature(name = "dbg", flag_sets = [flag_set(actions = COMPILE, flag_groups = [flag_group(flags = ["-g"])])]),
            feature(name = "opt", flag_sets = [flag_set(actions = COMPILE, flag_groups = [flag_group(flags = ["-O2", "-DNDEBUG"])])]),
            flags("linker", link, [
                "-fuse-ld=lld",
                "--ld-path=" + ctx.file.linker.path,
                "-no-canonical-prefixes",
                "-Wl,-z,relro,-z,now",
                "-Wl,--build-id=none",
            ]),
            # Programs carry their libc: they run on every Linux, and hold no path of the machine that made them. The name keeps rules_rust
            # from using it for whatever rustc links: ours says so itself, and programs of a rustc that links them dynamically would crash.
            flags("rules_rust_unsupported_feature", LINK_EXECUTABLE, ["-static-pie"]),
        ],
    )

linux_cc_toolchain_config = rule(
    implementation = _linux_impl,
    doc = "C and C++ for the build machine: clang and lld against a pinned glibc, linked statically.",
    attrs = {
        "ar": attr.label(default = "@llvm_xtensa//:lib/llvm-23/bin/llvm-ar", allow_single_file = True, doc = "llvm-ar."),
        "clang": attr.label(default = "@llvm_xtensa//:lib/llvm-23/bin/clang", allow_single_file = True, doc = "clang."),
        "objcopy": attr.label(default = "@llvm_xtensa//:lib/llvm-23/bin/llvm-objcopy", allow_single_file = True, doc = "llvm-objcopy."),
        "strip": attr.label(default = "@llvm_xtensa//:lib/llvm-23/bin/llvm-strip", allow_single_file = True, doc = "llvm-strip."),
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
