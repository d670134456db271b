#include "greeter.h"

#include "esp_log.h"
#include "sdkconfig.h"

const char *greeter_name(void)
{
    ESP_LOGI("greeter", "asked");
    return CONFIG_GREETER_NAME;
}
