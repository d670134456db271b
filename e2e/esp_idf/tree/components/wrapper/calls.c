#include "wrapper.h"

#include "wrapper_private.h"

int wrapper_calls(void)
{
    return wrapped_calls;
}
