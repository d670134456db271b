#include "wrapper_private.h"

int wrapped_calls = WRAPPER_START;

int __real_middle_down(int value);

int __wrap_middle_down(int value)
{
    wrapped_calls += WRAPPER_STEP;
    return __real_middle_down(value);
}
