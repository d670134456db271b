#include "middle.h"

base_t middle_down(base_t value)
{
    return 1 + base_down(value);
}
