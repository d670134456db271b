#include "esp_log.h"
#include "sdkconfig.h"

int log_enabled(int level)
{
    return level <= CONFIG_LOG_DEFAULT_LEVEL;
}
