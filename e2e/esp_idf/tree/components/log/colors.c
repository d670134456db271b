#include "esp_log.h"

const char *log_color(char level)
{
    return level == 'E' ? "\033[0;31m" : level == 'W' ? "\033[0;33m" : "\033[0;32m";
}

const char *log_color_end(void)
{
    return "\033[0m";
}
