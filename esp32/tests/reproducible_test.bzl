"""Targets for the tests of `esp32_reproducible_test`."""

def _unrepeatable_impl(ctx):
    output = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.run(
        executable = ctx.executable._unrepeatable,
        arguments = [ctx.attr.kind, output.path],
        outputs = [output],
        mnemonic = "Unrepeatable",
        # as rules do that want `--action_env`
        use_default_shell_env = True,
        toolchain = None,
    )
    return [DefaultInfo(files = depset([output]))]

unrepeatable = rule(
    implementation = _unrepeatable_impl,
    doc = "Writes a file that differs from one build to the next.",
    attrs = {
        "kind": attr.string(mandatory = True, values = ["environment", "nothing", "path", "time"]),
        "_unrepeatable": attr.label(default = ":unrepeatable", executable = True, cfg = "exec"),
    },
)
