"""How rules run tools/espimage."""

load("//esp32/private:tool.bzl", "Esp32ToolInfo", "tool_attr")

ESPIMAGE_ATTRS = {
    "_espimage": tool_attr("espimage"),
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
        executable = ctx.attr._espimage[Esp32ToolInfo].files_to_run,
        arguments = [first, args],
        inputs = inputs,
        outputs = outputs,
        mnemonic = mnemonic,
        progress_message = progress_message,
        toolchain = None,
    )
