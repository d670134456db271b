/**
 * @file
 * Functions in the ESP32's ROM. Their addresses are in ld/esp32.rom.ld.
 */
#pragma once

#include <stdint.h>

/** Waits for room in the UART's FIFO and queues one byte. Returns 0. */
int uart_tx_one_char(uint8_t byte);

/** Waits until UART number `uart` has sent all that was queued. */
void uart_tx_flush(uint8_t uart);

/** Resets the digital core (both CPUs and all peripherals but the RTC). */
void software_reset(void) __attribute__((noreturn));

/** Waits `microseconds` in a loop that counts CPU clocks. */
void ets_delay_us(uint32_t microseconds);

/** The CPU's clock in MHz (clocks in a microsecond) that the bootloader has set. */
uint32_t ets_get_cpu_frequency(void);

/** Why CPU number `cpu` was reset last: the table "PRO_CPU and APP_CPU reset reason values" of ESP32 TRM,
 * chapter 3 "Reset and Clock", section "Reset Source". */
uint32_t rtc_get_reset_reason(int cpu);

/** Routes a pad to the GPIO matrix in place of its peripheral. */
void gpio_pad_select_gpio(uint32_t gpio_num);
