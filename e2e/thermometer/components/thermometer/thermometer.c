#include "thermometer.h"

#include "esp_log.h"

/** Raw values between two points of the curve. */
#define STEP 1024

/** Degrees Celsius at 0, 1024, 2048, 3072 and 4096: one signed byte each. */
extern const int8_t curve[] asm("_binary_curve_bin_start");

esp_err_t thermometer_centi_celsius(uint32_t raw, int32_t *centi_celsius)
{
    if (raw >= 4 * STEP) {
        esp_log_line(ESP_LOG_WARN, "thermometer", "no such value of the converter");
        return ESP_ERR_INVALID_ARG;
    }
    int32_t below = curve[raw / STEP] * 100;
    int32_t above = curve[raw / STEP + 1] * 100;
    *centi_celsius = below + (above - below) * (int32_t)(raw % STEP) / STEP;
    return ESP_OK;
}
