#pragma once

typedef int base_t;

base_t base_down(base_t value);
