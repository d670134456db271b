"""How rules run tools/espimage."""

ESPIMAGE_ATTRS = {
    "_espimage": attr.label(
        default = "//tools/espimage",
        executable = True,
        cfg = "exec",
    ),
}

FLASH_SIZES = ["1MB", "2MB", "4MB", "8MB", "16MB", "32MB", "64MB", "128MB"]

def espimage(ctx, command, args, inputs, outputs, mnemonic, progress_message):
    """Runs one command of espimage.

    Args:
      ctx: the rule's context; the rule has ESPIMAGE_ATTRS.
      command: string; such as `convert`.
      args: Args; the command's arguments.
      inputs: list of Files.
      outputs: list of Files.
      mnemonic: string.
      progress_message: string.
    """
    first = ctx.actions.args()
    first.add(command)
    ctx.actions.run(
        executable = ctx.executable._espimage,
        arguments = [first, args],
        inputs = inputs,
        outputs = outputs,
        mnemonic = mnemonic,
        progress_message = progress_message,
    )
