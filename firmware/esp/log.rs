//! Lines on the console in ESP-IDF's format: `I (2317) tag: text`.

use core::{
    ffi::CStr,
    fmt::{self, Write},
};

/// How important a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Level {
    /// Something failed.
    Error = esp_sys::esp_log_level_t_ESP_LOG_ERROR,
    /// Something is odd, and has been dealt with.
    Warn = esp_sys::esp_log_level_t_ESP_LOG_WARN,
    /// What happens.
    Info = esp_sys::esp_log_level_t_ESP_LOG_INFO,
    /// What a developer wants to know.
    Debug = esp_sys::esp_log_level_t_ESP_LOG_DEBUG,
}

/// Writes one line, without a buffer, if its level is printed.
pub fn line(level: Level, tag: &CStr, text: fmt::Arguments<'_>) {
    // SAFETY: the functions only read the strings while they run.
    unsafe {
        if level as u32 <= esp_sys::esp_log_level_get() {
            esp_sys::esp_log_begin(level as u32, tag.as_ptr());
            // The console cannot fail. A `Display` that reports an error gets its line cut there.
            let _ = Console.write_fmt(text);
            esp_sys::esp_log_end();
        }
    }
}

struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: the function reads `len` bytes.
        unsafe { esp_sys::esp_log_text(text.as_ptr().cast(), text.len()) };
        Ok(())
    }
}

/// Writes a line of [`Level::Error`]: `error!(c"tag", "text {}", value)`.
#[macro_export]
macro_rules! error {
    ($tag:expr, $($text:tt)+) => { $crate::log::line($crate::log::Level::Error, $tag, ::core::format_args!($($text)+)) };
}

/// Writes a line of [`Level::Warn`]: `warn!(c"tag", "text {}", value)`.
#[macro_export]
macro_rules! warn {
    ($tag:expr, $($text:tt)+) => { $crate::log::line($crate::log::Level::Warn, $tag, ::core::format_args!($($text)+)) };
}

/// Writes a line of [`Level::Info`]: `info!(c"tag", "text {}", value)`.
#[macro_export]
macro_rules! info {
    ($tag:expr, $($text:tt)+) => { $crate::log::line($crate::log::Level::Info, $tag, ::core::format_args!($($text)+)) };
}

/// Writes a line of [`Level::Debug`]: `debug!(c"tag", "text {}", value)`.
#[macro_export]
macro_rules! debug {
    ($tag:expr, $($text:tt)+) => { $crate::log::line($crate::log::Level::Debug, $tag, ::core::format_args!($($text)+)) };
}
