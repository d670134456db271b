"""Archives of objects."""

load("@rules_cc//cc:action_names.bzl", "ACTION_NAMES")
load("@rules_cc//cc:find_cc_toolchain.bzl", "CC_TOOLCHAIN_TYPE", "find_cc_toolchain")
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")

def archive(ctx, folder, name, objects):
    """Makes an archive. Objects of the same name are all in it, as in those that CMake makes.

    Args:
      ctx: the rule's context, of a rule with the C toolchain.
      folder: string; the folder that it is made in.
      name: string; the archive's file.
      objects: list of Files.

    Returns:
      File.
    """
    cc_toolchain = find_cc_toolchain(ctx)
    features = cc_common.configure_features(ctx = ctx, cc_toolchain = cc_toolchain)
    output = ctx.actions.declare_file("{}.archive/{}".format(folder, name))
    args = ctx.actions.args()

    # q: adds, also what has the name of another; D: no time, user or mode
    args.add("qcsD")
    args.add(output)
    args.add_all(objects)
    args.use_param_file("@%s")
    ctx.actions.run(
        executable = cc_common.get_tool_for_action(feature_configuration = features, action_name = ACTION_NAMES.cpp_link_static_library),
        arguments = [args],
        inputs = objects,
        tools = cc_toolchain.all_files,
        outputs = [output],
        mnemonic = "IdfArchive",
        progress_message = "Archiving %{output}",
        toolchain = CC_TOOLCHAIN_TYPE,
    )
    return output
