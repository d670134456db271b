"""Module extensions for MODULE.bazel.

`esp32` makes the Nix packages that the toolchains consist of; rules_esp32 uses it itself, and registers the toolchains.
"""

load("//toolchains:packages.bzl", _esp32 = "esp32")

esp32 = _esp32
