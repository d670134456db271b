#include "sensor.h"

#include "esp_log.h"

/** What the converter gives at most. */
#define MAX_RAW 4095

/** Hundredths of a degree Celsius at 0, and at MAX_RAW. */
#define COLDEST (-4000)
#define HOTTEST 12500

esp_err_t sensor_centi_celsius(uint32_t raw, int32_t *centi_celsius)
{
    if (raw > MAX_RAW) {
        esp_log_line(ESP_LOG_WARN, "sensor", "no such value of the converter");
        return ESP_ERR_INVALID_ARG;
    }
    *centi_celsius = COLDEST + (HOTTEST - COLDEST) * (int32_t)raw / MAX_RAW;
    return ESP_OK;
}
