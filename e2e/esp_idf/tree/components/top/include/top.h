#pragma once

#include "middle.h"

/** Whether its optional requirement was there. */
int top_has_wrapper(void);

/** Goes round top, middle and base, until `value` is 0; how many calls of middle and base that took. */
base_t top_down(base_t value);
