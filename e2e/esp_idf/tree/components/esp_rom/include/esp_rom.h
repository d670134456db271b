#pragma once

#include <stdint.h>

int uart_tx_one_char(uint8_t byte);
void uart_tx_flush(uint8_t uart);
void software_reset(void) __attribute__((noreturn));
