//! Bindings, as the real crate includes them.
#![no_std]
#![allow(non_camel_case_types, non_snake_case, non_upper_case_globals)]

include!(env!("EMBUILD_GENERATED_BINDINGS_FILE"));

// of the type of `esp_err_t`
const _: [i32; 2] = [ESP_OK, ESP_ERR_NO_MEM];

/// The chip, by the name of a `cfg` of its own and by the option.
#[cfg(all(esp32, esp_idf_idf_target = "esp32"))]
pub const CHIP: &str = "esp32";
