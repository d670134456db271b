/**
 * @file
 * Digital pins (esp_driver_gpio/include/driver/gpio.h of ESP-IDF).
 */
#pragma once

#include <stdint.h>

#include "esp_err.h"

/** A pin. */
typedef enum {
    GPIO_NUM_NC = -1, /**< No pin. */
    GPIO_NUM_0 = 0,   /**< GPIO 0. The numbers of the others are theirs. */
    GPIO_NUM_2 = 2,   /**< GPIO 2. */
    GPIO_NUM_4 = 4,   /**< GPIO 4. */
    GPIO_NUM_5 = 5,   /**< GPIO 5. */
    GPIO_NUM_MAX = 40 /**< One more than the highest pin. */
} gpio_num_t;

/** Direction of a pin. */
typedef enum {
    GPIO_MODE_DISABLE = 0,         /**< Neither input nor output. */
    GPIO_MODE_INPUT = 1,           /**< Input. */
    GPIO_MODE_OUTPUT = 2,          /**< Output. */
    GPIO_MODE_INPUT_OUTPUT = 3,    /**< Output that can be read back. */
    GPIO_MODE_OUTPUT_OD = 6,       /**< Output, open drain. */
    GPIO_MODE_INPUT_OUTPUT_OD = 7, /**< Open drain that can be read back. */
} gpio_mode_t;

/** Makes a pin a GPIO, in place of its peripheral, with its output off. ESP_ERR_INVALID_ARG: there is no such pin. */
esp_err_t gpio_reset_pin(gpio_num_t gpio_num);

/** Sets the direction. ESP_ERR_INVALID_ARG: there is no such pin, or it cannot drive. */
esp_err_t gpio_set_direction(gpio_num_t gpio_num, gpio_mode_t mode);

/** Drives an output low (0) or high. ESP_ERR_INVALID_ARG: there is no such pin, or it cannot drive. */
esp_err_t gpio_set_level(gpio_num_t gpio_num, uint32_t level);

/** The level at an input, 0 or 1; 0 for a pin that is no input. */
int gpio_get_level(gpio_num_t gpio_num);
