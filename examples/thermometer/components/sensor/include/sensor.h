/**
 * @file
 * A thermistor on a 12-bit analogue-to-digital converter.
 */
#pragma once

#include <stdint.h>

#include "esp_err.h"

/**
 * Converts a value of the converter, 0 to 4095, to hundredths of a degree Celsius.
 *
 * Returns ESP_ERR_INVALID_ARG, with a line on the console, for any other value.
 */
esp_err_t sensor_centi_celsius(uint32_t raw, int32_t *centi_celsius);
