#include "esp_log.h"

#include "esp_rom.h"
#include "esp_timer.h"

/** Digits of the largest 64-bit number. */
#define MAX_DIGITS 20

static esp_log_level_t max_level = ESP_LOG_INFO;

static void put(char c)
{
    uart_tx_one_char((uint8_t)c);
}

static void put_decimal(uint64_t value)
{
    char digits[MAX_DIGITS];
    size_t first = MAX_DIGITS;
    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    esp_log_text(digits + first, MAX_DIGITS - first);
}

uint64_t esp_log_timestamp64(void)
{
    return (uint64_t)esp_timer_get_time() / 1000;
}

esp_log_level_t esp_log_level_get(void)
{
    return max_level;
}

void esp_log_level_set(esp_log_level_t level)
{
    max_level = level;
}

void esp_log_begin(esp_log_level_t level, const char *tag)
{
    put("NEWIDV"[level]);
    esp_log_text(" (", 2);
    put_decimal(esp_log_timestamp64());
    esp_log_text(") ", 2);
    esp_log_text(tag, __builtin_strlen(tag));
    esp_log_text(": ", 2);
}

void esp_log_text(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        put(text[i]);
    }
}

void esp_log_end(void)
{
    esp_log_text("\r\n", 2);
}

void esp_log_line(esp_log_level_t level, const char *tag, const char *text)
{
    if (level <= max_level) {
        esp_log_begin(level, tag);
        esp_log_text(text, __builtin_strlen(text));
        esp_log_end();
    }
}
