//! A crate that has its `cfg`s from esp-idf-sys.
#![no_std]

pub use esp_idf_sys as sys;

/// Whether the component `crypto` is there.
pub const HAS_CRYPTO: bool = cfg!(esp_idf_comp_crypto_enabled);

/// Whether ESP-IDF is of version 5.3.0 or later.
pub const IS_AT_LEAST_5_3: bool = cfg!(esp_idf_version_at_least_5_3_0);
