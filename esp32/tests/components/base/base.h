#pragma once

#include <stdint.h>

typedef uint32_t base_t;
