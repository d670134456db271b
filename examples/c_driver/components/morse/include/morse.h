// Morse code, a signal at a time.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// A text on its way. Zeros but for `text` are its beginning.
typedef struct {
    const char *text;    // upper-case letters and spaces, with a NUL behind them
    const char *signals; // what is left of the current letter, or NULL
    bool gap;            // whether the next signal is a gap
} morse_t;

// A key, up or down for some units of time.
typedef struct {
    bool down;
    uint8_t units;
} morse_signal_t;

// The next signal of a text. Returns false where it has ended, or has a character that there is no code for.
bool morse_next(morse_t *morse, morse_signal_t *signal);
