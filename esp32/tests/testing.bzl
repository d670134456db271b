"""What the analysis tests share."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

# As command-line flags: components and crates are for the chip alone, so they are looked at for its platform.
FOR_CHIP = {"//command_line_option:platforms": str(Label("//platforms:esp32"))}

def find_action(env, mnemonic, output):
    """The action of the target under test that makes a file.

    Args:
      env: environment of the analysis test.
      mnemonic: string; the action's mnemonic.
      output: string; the file's base name.

    Returns:
      Action.
    """
    for action in analysistest.target_actions(env):
        if action.mnemonic == mnemonic and output in [f.basename for f in action.outputs.to_list()]:
            return action
    fail("no action {} makes {}: there are {}".format(
        mnemonic,
        output,
        [(a.mnemonic, [f.basename for f in a.outputs.to_list()]) for a in analysistest.target_actions(env)],
    ))

def basenames(files):
    """The base names of Files.

    Args:
      files: list or depset of Files.

    Returns:
      list of strings.
    """
    return [f.basename for f in (files.to_list() if type(files) == "depset" else files)]

def value_of(argv, flag):
    """The argument that follows a flag.

    Args:
      argv: list of strings.
      flag: string.

    Returns:
      string, or None.
    """
    return argv[argv.index(flag) + 1] if flag in argv else None

def assert_subset(env, expected, actual):
    """Asserts that all of some values are among others.

    Args:
      env: environment of the test.
      expected: list of what must be there.
      actual: list of what is there.
    """
    asserts.equals(env, [], [e for e in expected if e not in actual], "missing in {}".format(actual))

def assert_none(env, unexpected, actual):
    """Asserts that none of some values is among others.

    Args:
      env: environment of the test.
      unexpected: list of what must not be there.
      actual: list of what is there.
    """
    asserts.equals(env, [], [u for u in unexpected if u in actual], "too much in {}".format(actual))

def _failure_test_impl(ctx):
    env = analysistest.begin(ctx)
    for message in ctx.attr.messages:
        asserts.expect_failure(env, message)
    return analysistest.end(env)

# The analysis of the target under test fails, with all of the messages.
failure_test = analysistest.make(
    _failure_test_impl,
    attrs = {"messages": attr.string_list(mandatory = True, allow_empty = False)},
    expect_failure = True,
)

# The same for targets that are for the chip alone.
chip_failure_test = analysistest.make(
    _failure_test_impl,
    attrs = {"messages": attr.string_list(mandatory = True, allow_empty = False)},
    config_settings = FOR_CHIP,
    expect_failure = True,
)
