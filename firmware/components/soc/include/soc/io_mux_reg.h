/**
 * @file
 * Registers of the pads: ESP32 TRM, chapter 4 "IO_MUX and GPIO Matrix", section "Registers", IO_MUX_x_REG.
 */
#pragma once

/** First register. Which pad has which register is in the section "IO_MUX Pad List" of the same chapter. */
#define DR_REG_IO_MUX_BASE 0x3FF49000
/** Connects the pad to the input signals. */
#define FUN_IE (1u << 9)
