"""`xtensa_clang_front_end`: how clang, and what reads C by libclang (bindgen), sees a chip."""

load(":features.bzl", "clang_headers", "idirafter")

ClangFrontEndInfo = provider(
    "What clang's front end has to know of a chip, to see types and headers as GCC does.",
    fields = {
        "files": "depset of Files: the headers.",
        "flags": "list of strings: the target, and where the headers are.",
        "include_directories": "list of strings: folders of headers, relative to the execution root.",
    },
)

# What the ESP32's LX6 cores have, as LLVM names it (llvm/lib/Target/Xtensa/XtensaFeatures.td), less `fp`: LLVM 23 cannot select
# all code with it. Floats travel in address registers either way, so that objects with and without it go together.
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

def _xtensa_clang_front_end_impl(ctx):
    include_directories = [clang_headers(ctx.file.clang), ctx.file.newlib.dirname]

    # wchar_t has 16 bits in GCC (gcc/config/xtensa/xtensa.h, WCHAR_TYPE)
    result = ["--target=xtensa-none-elf", "-fshort-wchar"]
    for name in _LX6_FEATURES + ctx.attr.features_of_core:
        result += ["-Xclang", "-target-feature", "-Xclang", "+" + name]
    result += ["-nostdinc"] + idirafter(include_directories)
    return [ClangFrontEndInfo(
        files = depset(transitive = [h[DefaultInfo].files for h in ctx.attr.headers]),
        flags = result,
        include_directories = include_directories,
    )]

xtensa_clang_front_end = rule(
    implementation = _xtensa_clang_front_end_impl,
    doc = "The front end for the ESP32's LX6 cores.",
    attrs = {
        "clang": attr.label(default = "@llvm_xtensa//:lib/llvm-23/bin/clang", allow_single_file = True, doc = "clang, which has headers of its own."),
        "features_of_core": attr.string_list(doc = "What the core has besides, as LLVM names it."),
        "headers": attr.label_list(doc = "All headers: clang's, and the C library's."),
        "newlib": attr.label(default = "@newlib_headers_xtensa//:include/newlib.h", allow_single_file = True, doc = "newlib.h, in the folder of the C library's headers."),
    },
    provides = [ClangFrontEndInfo],
)
