#include "base.h"

#include "top.h"

base_t base_down(base_t value)
{
    return value > 0 ? 1 + top_down(value - 1) : 0;
}
