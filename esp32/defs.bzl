"""The rules, in the order in which a firmware is made:

- `idf_component`: C, C++ and assembly, with ESP-IDF's vocabulary.
- `idf_bindgen`: the headers of components as a Rust crate.
- `esp32_firmware`: Rust, crates and components as one ELF.
- `esp32_partition_table`: ESP-IDF's partition CSV as a binary table.
- `esp32_nvs_image`, `esp32_spiffs_image`, `esp32_fatfs_image`, `esp32_littlefs_image`, `esp32_ota_data`: contents of data partitions.
- `esp32_image`: all that is written to flash, and flasher_args.json.
- `esp32_flash`: `bazel run` writes an image to a board: what differs, and verified.
- `esp32_monitor`: `bazel run` shows a board's console, decoded.
- `esp32_simulate`: `bazel run` boots an image on the simulated chip.
- `esp32_debug`: `bazel run` starts gdb on an image, in the emulator or on a board.
- `esp32_boot_test`: an image booted on the simulated chip, in an emulator or on a board; its console, pins and registers checked.
- `esp32_reproducible_test`: targets built twice, which must have the same bytes.
- `esp32_size_test`: budgets for memory regions and images.

    load("@rules_esp32//esp32:defs.bzl", "esp32_firmware", "esp32_image", "esp32_partition_table")
"""

load("//esp32/private:bindgen.bzl", _idf_bindgen = "idf_bindgen")
load("//esp32/private:boot_test.bzl", _esp32_boot_test = "esp32_boot_test")
load("//esp32/private:component.bzl", _idf_component = "idf_component")
load(
    "//esp32/private:data_image.bzl",
    _esp32_fatfs_image = "esp32_fatfs_image",
    _esp32_littlefs_image = "esp32_littlefs_image",
    _esp32_nvs_image = "esp32_nvs_image",
    _esp32_ota_data = "esp32_ota_data",
    _esp32_spiffs_image = "esp32_spiffs_image",
)
load("//esp32/private:debug.bzl", _esp32_debug = "esp32_debug")
load("//esp32/private:firmware.bzl", _esp32_firmware = "esp32_firmware")
load("//esp32/private:flash.bzl", _esp32_flash = "esp32_flash")
load("//esp32/private:image.bzl", _esp32_image = "esp32_image")
load("//esp32/private:monitor.bzl", _esp32_monitor = "esp32_monitor")
load("//esp32/private:partition_table.bzl", _esp32_partition_table = "esp32_partition_table")
load("//esp32/private:reproducible_test.bzl", _esp32_reproducible_test = "esp32_reproducible_test")
load("//esp32/private:simulate.bzl", _esp32_simulate = "esp32_simulate")
load("//esp32/private:size_test.bzl", _esp32_size_test = "esp32_size_test")

esp32_boot_test = _esp32_boot_test
esp32_debug = _esp32_debug
esp32_fatfs_image = _esp32_fatfs_image
esp32_firmware = _esp32_firmware
esp32_flash = _esp32_flash
esp32_image = _esp32_image
esp32_littlefs_image = _esp32_littlefs_image
esp32_monitor = _esp32_monitor
esp32_nvs_image = _esp32_nvs_image
esp32_ota_data = _esp32_ota_data
esp32_partition_table = _esp32_partition_table
esp32_reproducible_test = _esp32_reproducible_test
esp32_simulate = _esp32_simulate
esp32_size_test = _esp32_size_test
esp32_spiffs_image = _esp32_spiffs_image
idf_bindgen = _idf_bindgen
idf_component = _idf_component
