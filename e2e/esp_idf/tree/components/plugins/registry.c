#include "plugins.h"

int plugin_count;
