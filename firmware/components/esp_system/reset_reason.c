#include <stdint.h>

#include "esp_private/startup_internal.h"
#include "esp_rom.h"
#include "esp_system.h"
#include "soc/rtc_cntl_reg.h"
#include "soc/soc.h"

/** ESP-IDF's layout of the hint: the value in both halves, and the topmost bit set. */
#define HINT_VALID 0x80000000u
#define HINT_MASK 0x7FFFu

static esp_reset_reason_t reset_reason;

/** Values of the ROM: ESP32 TRM, chapter 3 "Reset and Clock", section "Reset Source". */
static esp_reset_reason_t from_rom(uint32_t reason)
{
    switch (reason) {
    case 0x01:
        return ESP_RST_POWERON;
    case 0x03:
    case 0x0C:
        return ESP_RST_SW;
    case 0x05:
        return ESP_RST_DEEPSLEEP;
    case 0x06:
        return ESP_RST_SDIO;
    case 0x07:
        return ESP_RST_TASK_WDT;
    case 0x08:
        return ESP_RST_INT_WDT;
    case 0x09:
    case 0x0B:
    case 0x0D:
    case 0x10:
        return ESP_RST_WDT;
    case 0x0F:
        return ESP_RST_BROWNOUT;
    default:
        return ESP_RST_UNKNOWN;
    }
}

void esp_reset_reason_init(void)
{
    uint32_t hint = REG(RTC_CNTL_STORE6_REG);
    REG(RTC_CNTL_STORE6_REG) = 0;
    reset_reason = from_rom(rtc_get_reset_reason(0));
    if (reset_reason == ESP_RST_SW && hint == (HINT_VALID | (uint32_t)ESP_RST_PANIC << 16 | ESP_RST_PANIC)) {
        reset_reason = ESP_RST_PANIC;
    }
}

void esp_reset_reason_set_hint(esp_reset_reason_t hint)
{
    uint32_t value = (uint32_t)hint & HINT_MASK;
    REG(RTC_CNTL_STORE6_REG) = HINT_VALID | value << 16 | value;
}

esp_reset_reason_t esp_reset_reason(void)
{
    return reset_reason;
}

void esp_restart(void)
{
    uart_tx_flush(0);
    software_reset();
}
