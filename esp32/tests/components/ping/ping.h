#pragma once

#include <stdint.h>

/** The version comes from the component's public definitions. */
#ifndef PING_VERSION
#error "PING_VERSION is a public definition of the component ping"
#endif

uint32_t ping(uint32_t count);

/** Sum of all embedded bytes. */
uint32_t ping_embedded(void);
