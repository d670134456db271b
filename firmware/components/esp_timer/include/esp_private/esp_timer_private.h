/**
 * @file
 * For the start code.
 */
#pragma once

/** Starts the clock and its interrupt, and enables interrupts. */
void esp_timer_init(void);
