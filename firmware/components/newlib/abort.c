#include <stdlib.h>

#include "esp_private/panic.h"

/** In place of newlib's, which sends a signal. */
void abort(void)
{
    panic_begin("abort");
    panic_end();
}
