"""Module extensions for MODULE.bazel.

- `crates`: the crates of a Cargo.lock, for the chip or for the build machine.
- `esp_idf`: ESP-IDF's components, configured as your project wants them.
- `esp32`: the Nix packages that the toolchains consist of. rules_esp32 uses it itself and registers the toolchains: a
  module that depends on rules_esp32 has them.
"""

load("//esp32/private/crates:extension.bzl", _crates = "crates")
load("//esp32/private/idf:extension.bzl", _esp_idf = "esp_idf")
load("//toolchains:packages.bzl", _esp32 = "esp32")

crates = _crates
esp32 = _esp32
esp_idf = _esp_idf
