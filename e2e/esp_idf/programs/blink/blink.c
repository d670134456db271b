#include "driver/gpio.h"
#include "esp_log.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

static const gpio_num_t LED = GPIO_NUM_2;

void app_main(void)
{
    ESP_ERROR_CHECK(gpio_reset_pin(LED));
    ESP_ERROR_CHECK(gpio_set_direction(LED, GPIO_MODE_INPUT_OUTPUT));
    for (int level = 1;; level = !level) {
        ESP_ERROR_CHECK(gpio_set_level(LED, level));
        ESP_LOGI("blink", "LED %d", gpio_get_level(LED));
        vTaskDelay(pdMS_TO_TICKS(500));
    }
}
