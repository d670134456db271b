#pragma once

unsigned checksum(const char *text);

/** Of the platform. */
unsigned checksum_rotate(unsigned value);
unsigned checksum_seed(void);
