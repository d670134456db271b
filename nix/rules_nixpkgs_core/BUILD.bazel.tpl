package(default_visibility = ["//visibility:public"])

filegroup(
    name = "bin",
    srcs = glob(["bin/*"], allow_empty = True),
)

filegroup(
    name = "lib",
    srcs = glob(["lib/**/*.so*", "lib/**/*.a"], allow_empty = True),
)

filegroup(
    name = "include",
    srcs = glob(["include/**/*.h"], allow_empty = True),
)
