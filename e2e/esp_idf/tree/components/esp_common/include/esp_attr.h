#pragma once

/** A function that runs while the flash cannot be read. */
#define IRAM_ATTR __attribute__((section(".iram1.code")))
