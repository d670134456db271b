#include "led.h"

#include "driver/gpio.h"
#include "sdkconfig.h"

void led_init(void)
{
    gpio_reset_pin(CONFIG_LED_GPIO);
    gpio_set_direction(CONFIG_LED_GPIO, GPIO_MODE_OUTPUT);
}

void led_set(bool on)
{
    gpio_set_level(CONFIG_LED_GPIO, on);
}
