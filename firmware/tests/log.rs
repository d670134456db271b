//! Lines of all levels, from Rust and from C, with and without a change of the level.

#![no_std]
#![no_main]

use esp::{debug, error, info, warn};
use esp_sys::{
    esp_log_level_set, esp_log_level_t_ESP_LOG_DEBUG, esp_log_level_t_ESP_LOG_ERROR,
    esp_log_level_t_ESP_LOG_INFO, esp_log_line,
};

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    error!(c"log", "error {}", 1);
    warn!(c"log", "warning {}", 2);
    info!(c"log", "info {:>5.2}", 6.54321);
    debug!(c"log", "FAIL: debug before it is enabled");
    // SAFETY: the strings end with NUL.
    unsafe {
        esp_log_line(
            esp_log_level_t_ESP_LOG_INFO,
            c"C".as_ptr(),
            c"info".as_ptr(),
        );
        esp_log_level_set(esp_log_level_t_ESP_LOG_DEBUG);
    }
    debug!(c"log", "debug {:?}", Some("text"));
    // SAFETY: the strings end with NUL.
    unsafe {
        esp_log_level_set(esp_log_level_t_ESP_LOG_ERROR);
        esp_log_line(
            esp_log_level_t_ESP_LOG_INFO,
            c"C".as_ptr(),
            c"FAIL: info after it is disabled".as_ptr(),
        );
    }
    info!(c"log", "FAIL: info after it is disabled");
    error!(c"log", "PASS: log");
}
