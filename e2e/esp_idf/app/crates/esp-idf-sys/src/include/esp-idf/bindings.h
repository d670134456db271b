#include <stdio.h>

#include "esp_system.h"

#ifdef ESP_IDF_COMP_CRYPTO_ENABLED
#include "checksum.h"
#endif

#ifdef ESP_IDF_COMP_NO_SUCH_COMPONENT_ENABLED
#include "no_such_component.h"
#endif

#define ESP_OK 0
#define ESP_ERR_NO_MEM 0x101
