#pragma once

#include <stdbool.h>

// Makes the LED's pin an output.
void led_init(void);

// Switches the LED.
void led_set(bool on);
