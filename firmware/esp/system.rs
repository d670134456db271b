//! Resets.

/// Why the chip was reset last: one of the `esp_reset_reason_t_ESP_RST_` values.
pub fn reset_reason() -> esp_sys::esp_reset_reason_t {
    // SAFETY: always.
    unsafe { esp_sys::esp_reset_reason() }
}

/// Resets the chip.
pub fn restart() -> ! {
    // SAFETY: always.
    unsafe { esp_sys::esp_restart() }
}
