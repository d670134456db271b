/**
 * @file
 * Error codes of ESP-IDF functions (esp_common/include/esp_err.h of ESP-IDF).
 */
#pragma once

#include <stdint.h>

/** Result of a function: ESP_OK or one of the ESP_ERR_ values. */
typedef int32_t esp_err_t;

/** Success. */
#define ESP_OK 0
/** An argument is out of range. */
#define ESP_ERR_INVALID_ARG 0x102
