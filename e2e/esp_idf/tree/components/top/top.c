#include "top.h"

base_t top_down(base_t value)
{
    return middle_down(value);
}
