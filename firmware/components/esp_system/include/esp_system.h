/**
 * @file
 * Resets and their reasons (esp_system/include/esp_system.h of ESP-IDF).
 */
#pragma once

/** Why the chip was reset last. */
typedef enum {
    ESP_RST_UNKNOWN = 0,    /**< Cannot be determined. */
    ESP_RST_POWERON = 1,    /**< Power on, or the EN pin. */
    ESP_RST_EXT = 2,        /**< External pin; not on the ESP32. */
    ESP_RST_SW = 3,         /**< esp_restart(). */
    ESP_RST_PANIC = 4,      /**< Exception or panic. */
    ESP_RST_INT_WDT = 5,    /**< Interrupt watchdog (timer group 1). */
    ESP_RST_TASK_WDT = 6,   /**< Task watchdog (timer group 0). */
    ESP_RST_WDT = 7,        /**< Other watchdogs. */
    ESP_RST_DEEPSLEEP = 8,  /**< Wake-up from deep sleep. */
    ESP_RST_BROWNOUT = 9,   /**< Supply voltage too low. */
    ESP_RST_SDIO = 10,      /**< Reset over SDIO. */
} esp_reset_reason_t;

/** Why the chip was reset last. */
esp_reset_reason_t esp_reset_reason(void);

/** Sends what is queued on the console and resets the chip. */
void esp_restart(void) __attribute__((noreturn));
