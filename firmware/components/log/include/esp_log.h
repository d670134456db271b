/**
 * @file
 * Lines on the console in ESP-IDF's format (log/include/esp_log.h of ESP-IDF): `I (2317) tag: text`.
 *
 * Rust formats, and passes text. C formats as printf() does, with ESP_LOGI() and its like, for which a firmware has to have the
 * component `newlib`.
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

/** Writes a whole line if its level is printed, with its text as printf() makes it. It is in the component `newlib`. */
void esp_log_write(esp_log_level_t level, const char *tag, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** Writes a line of ESP_LOG_ERROR: `ESP_LOGE("tag", "%d of %d", 1, 2)`. */
#define ESP_LOGE(tag, ...) esp_log_write(ESP_LOG_ERROR, tag, __VA_ARGS__)
/** Writes a line of ESP_LOG_WARN. */
#define ESP_LOGW(tag, ...) esp_log_write(ESP_LOG_WARN, tag, __VA_ARGS__)
/** Writes a line of ESP_LOG_INFO. */
#define ESP_LOGI(tag, ...) esp_log_write(ESP_LOG_INFO, tag, __VA_ARGS__)
/** Writes a line of ESP_LOG_DEBUG. */
#define ESP_LOGD(tag, ...) esp_log_write(ESP_LOG_DEBUG, tag, __VA_ARGS__)
