"""Module extensions for MODULE.bazel.

- `crates`: the crates of a Cargo.lock, for the chip or for the build machine.
- `esp32`: the Nix packages that the toolchains consist of. rules_esp32 uses it itself and registers the toolchains: a
  module that depends on rules_esp32 has them.
"""

load("//esp32/private/crates:extension.bzl", _crates = "crates")
load("//toolchains:packages.bzl", _esp32 = "esp32")

crates = _crates
esp32 = _esp32
