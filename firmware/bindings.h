// What Rust calls.
#include "driver/gpio.h"
#include "esp_cpu.h"
#include "esp_log.h"
#include "esp_private/panic.h"
#include "esp_system.h"
#include "esp_timer.h"
#include "xtensa_api.h"
