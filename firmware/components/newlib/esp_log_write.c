#include <stdarg.h>
#include <stdio.h>

#include "esp_log.h"

void esp_log_write(esp_log_level_t level, const char *tag, const char *format, ...)
{
    if (level > esp_log_level_get()) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    esp_log_begin(level, tag);
    vprintf(format, arguments);
    fflush(stdout);
    esp_log_end();
    va_end(arguments);
}
