#pragma once

/** Prints why, and ends the program. */
void panic(unsigned cause, unsigned pc) __attribute__((noreturn));
