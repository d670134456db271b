#include "top.h"

#if __has_include("wrapper.h")
#define HAS_WRAPPER 1
#else
#define HAS_WRAPPER 0
#endif

int top_has_wrapper(void)
{
    return HAS_WRAPPER;
}

base_t top_down(base_t value)
{
    return middle_down(value);
}
