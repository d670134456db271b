/**
 * @file
 * Time since the start (esp_timer/include/esp_timer.h of ESP-IDF).
 */
#pragma once

#include <stdint.h>

/** Microseconds since the application started: 64 bits, which last 292,000 years. */
int64_t esp_timer_get_time(void);
