#include "plugins.h"

__attribute__((constructor)) static void register_plugin(void)
{
    plugin_count++;
}
