#include "driver/gpio.h"

#include <stdbool.h>

#include "esp_cpu.h"
#include "esp_rom.h"
#include "soc/gpio_reg.h"
#include "soc/io_mux_reg.h"
#include "soc/soc.h"

/** Bits of gpio_mode_t. */
#define MODE_INPUT 1u
#define MODE_OUTPUT 2u
#define MODE_OPEN_DRAIN 4u

/** Offset of each pad's register from DR_REG_IO_MUX_BASE. */
static const uint8_t io_mux_offset[SOC_GPIO_PIN_COUNT] = {
    0x44, 0x88, 0x40, 0x84, 0x48, 0x6C, 0x60, 0x64, 0x68, 0x54, 0x58, 0x5C, 0x34, 0x38, 0x30, 0x3C, 0x4C, 0x50, 0x70, 0x74,
    0x78, 0x7C, 0x80, 0x8C, 0x00, 0x24, 0x28, 0x2C, 0x00, 0x00, 0x00, 0x00, 0x1C, 0x20, 0x14, 0x18, 0x04, 0x08, 0x0C, 0x10,
};

static bool is_one_of(gpio_num_t gpio_num, uint64_t mask)
{
    return gpio_num >= 0 && gpio_num < SOC_GPIO_PIN_COUNT && (mask >> gpio_num & 1) != 0;
}

/** Writes the pin's bit to the register of its half. */
static void write_bit(gpio_num_t gpio_num, uint32_t reg_0_to_31, uint32_t reg_32_to_39)
{
    REG(gpio_num < 32 ? reg_0_to_31 : reg_32_to_39) = 1u << (gpio_num % 32);
}

static void change_bits(uint32_t reg, uint32_t mask, bool set)
{
    uint32_t ps = esp_cpu_intr_mask();
    REG(reg) = set ? REG(reg) | mask : REG(reg) & ~mask;
    esp_cpu_intr_restore(ps);
}

esp_err_t gpio_reset_pin(gpio_num_t gpio_num)
{
    if (!is_one_of(gpio_num, SOC_GPIO_VALID_GPIO_MASK)) {
        return ESP_ERR_INVALID_ARG;
    }
    write_bit(gpio_num, GPIO_ENABLE_W1TC_REG, GPIO_ENABLE1_W1TC_REG);
    gpio_pad_select_gpio((uint32_t)gpio_num);
    return ESP_OK;
}

esp_err_t gpio_set_direction(gpio_num_t gpio_num, gpio_mode_t mode)
{
    bool output = (mode & MODE_OUTPUT) != 0;
    if (!is_one_of(gpio_num, output ? SOC_GPIO_VALID_OUTPUT_GPIO_MASK : SOC_GPIO_VALID_GPIO_MASK)) {
        return ESP_ERR_INVALID_ARG;
    }
    change_bits(DR_REG_IO_MUX_BASE + io_mux_offset[gpio_num], FUN_IE, (mode & MODE_INPUT) != 0);
    change_bits(GPIO_PIN_REG(gpio_num), GPIO_PIN_PAD_DRIVER, (mode & MODE_OPEN_DRAIN) != 0);
    if (output) {
        REG(GPIO_FUNC_OUT_SEL_CFG_REG(gpio_num)) = SIG_GPIO_OUT_IDX;
        write_bit(gpio_num, GPIO_ENABLE_W1TS_REG, GPIO_ENABLE1_W1TS_REG);
    } else {
        write_bit(gpio_num, GPIO_ENABLE_W1TC_REG, GPIO_ENABLE1_W1TC_REG);
    }
    return ESP_OK;
}

esp_err_t gpio_set_level(gpio_num_t gpio_num, uint32_t level)
{
    if (!is_one_of(gpio_num, SOC_GPIO_VALID_OUTPUT_GPIO_MASK)) {
        return ESP_ERR_INVALID_ARG;
    }
    if (level != 0) {
        write_bit(gpio_num, GPIO_OUT_W1TS_REG, GPIO_OUT1_W1TS_REG);
    } else {
        write_bit(gpio_num, GPIO_OUT_W1TC_REG, GPIO_OUT1_W1TC_REG);
    }
    return ESP_OK;
}

int gpio_get_level(gpio_num_t gpio_num)
{
    if (!is_one_of(gpio_num, SOC_GPIO_VALID_GPIO_MASK)) {
        return 0;
    }
    return (int)(REG(gpio_num < 32 ? GPIO_IN_REG : GPIO_IN1_REG) >> (gpio_num % 32) & 1);
}
