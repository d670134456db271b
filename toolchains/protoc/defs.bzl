"""`protoc_toolchain`: the compiler of messages.

The rules that rule sets have for it moved from rules_proto to protobuf, whose own builds a protoc from source where it is loaded.
"""

load("@rules_proto//proto:proto_common.bzl", "ProtoLangToolchainInfo")

def _protoc_toolchain_impl(ctx):
    return [platform_common.ToolchainInfo(proto = ProtoLangToolchainInfo(
        allowlist_different_package = None,
        mnemonic = "GenProtoDescriptorSet",
        out_replacement_format_flag = "--descriptor_set_out=%s",
        output_files = "single",
        plugin = None,
        progress_message = "Generating descriptors of messages %{label}",
        proto_compiler = ctx.attr.protoc.files_to_run,
        protoc_opts = ctx.fragments.proto.experimental_protoc_opts,
        runtime = None,
    ))]

protoc_toolchain = rule(
    implementation = _protoc_toolchain_impl,
    doc = "Implements `@rules_proto//proto:toolchain_type`, with which `proto_library` checks messages and describes them.",
    attrs = {
        "protoc": attr.label(doc = "protoc.", executable = True, mandatory = True, cfg = "exec"),
    },
    fragments = ["proto"],
)
