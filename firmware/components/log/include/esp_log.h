/**
 * @file
 * Lines on the console in ESP-IDF's format (log/include/esp_log.h of ESP-IDF): `I (2317) tag: text`.
 *
 * There is no printf here: the compiler cannot handle variable arguments on this chip. Rust formats, and passes text.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** How important a line is. */
typedef enum {
    ESP_LOG_NONE = 0,    /**< No line at all; only for esp_log_level_set(). */
    ESP_LOG_ERROR = 1,   /**< E */
    ESP_LOG_WARN = 2,    /**< W */
    ESP_LOG_INFO = 3,    /**< I */
    ESP_LOG_DEBUG = 4,   /**< D */
    ESP_LOG_VERBOSE = 5, /**< V */
} esp_log_level_t;

/** Milliseconds since the start. */
uint64_t esp_log_timestamp64(void);

/** The least important level that is still printed: ESP_LOG_INFO at the start. */
esp_log_level_t esp_log_level_get(void);

/** Sets the least important level that is printed. */
void esp_log_level_set(esp_log_level_t level);

/** Writes the beginning of a line, up to and including `tag: `. */
void esp_log_begin(esp_log_level_t level, const char *tag);

/** Writes `length` bytes of the line's text. */
void esp_log_text(const char *text, size_t length);

/** Ends the line. */
void esp_log_end(void);

/** Writes a whole line if its level is printed. */
void esp_log_line(esp_log_level_t level, const char *tag, const char *text);
