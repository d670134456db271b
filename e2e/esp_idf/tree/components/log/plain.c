#include "esp_log.h"

const char *log_color(char level)
{
    (void)level;
    return "";
}

const char *log_color_end(void)
{
    return "";
}
