/**
 * @file
 * Registers of the GPIO matrix: ESP32 TRM, chapter 4 "IO_MUX and GPIO Matrix", section "Registers".
 *
 * Each function has one register for GPIO 0 to 31 and one for GPIO 32 to 39.
 */
#pragma once

/** First register. */
#define DR_REG_GPIO_BASE 0x3FF44000

/** Writing a 1 drives GPIO 0 to 31 high. */
#define GPIO_OUT_W1TS_REG (DR_REG_GPIO_BASE + 0x08)
/** Writing a 1 drives GPIO 0 to 31 low. */
#define GPIO_OUT_W1TC_REG (DR_REG_GPIO_BASE + 0x0C)
/** Writing a 1 drives GPIO 32 to 39 high. */
#define GPIO_OUT1_W1TS_REG (DR_REG_GPIO_BASE + 0x14)
/** Writing a 1 drives GPIO 32 to 39 low. */
#define GPIO_OUT1_W1TC_REG (DR_REG_GPIO_BASE + 0x18)
/** Writing a 1 enables the output of GPIO 0 to 31. */
#define GPIO_ENABLE_W1TS_REG (DR_REG_GPIO_BASE + 0x24)
/** Writing a 1 disables the output of GPIO 0 to 31. */
#define GPIO_ENABLE_W1TC_REG (DR_REG_GPIO_BASE + 0x28)
/** Writing a 1 enables the output of GPIO 32 to 39. */
#define GPIO_ENABLE1_W1TS_REG (DR_REG_GPIO_BASE + 0x30)
/** Writing a 1 disables the output of GPIO 32 to 39. */
#define GPIO_ENABLE1_W1TC_REG (DR_REG_GPIO_BASE + 0x34)
/** Levels at the pads of GPIO 0 to 31. */
#define GPIO_IN_REG (DR_REG_GPIO_BASE + 0x3C)
/** Levels at the pads of GPIO 32 to 39. */
#define GPIO_IN1_REG (DR_REG_GPIO_BASE + 0x40)
/** Which signal drives the pad. */
#define GPIO_FUNC_OUT_SEL_CFG_REG(gpio_num) (DR_REG_GPIO_BASE + 0x530 + 4 * (gpio_num))
/** The signal "the GPIO's own output register", for GPIO_FUNC_OUT_SEL_CFG_REG. */
#define SIG_GPIO_OUT_IDX 0x100
/** Configuration of the pad; bit 2 makes it open drain. */
#define GPIO_PIN_REG(gpio_num) (DR_REG_GPIO_BASE + 0x88 + 4 * (gpio_num))
/** Bit 2 of GPIO_PIN_REG. */
#define GPIO_PIN_PAD_DRIVER (1u << 2)
