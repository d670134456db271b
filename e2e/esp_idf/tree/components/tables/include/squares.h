#pragma once

#include "sdkconfig.h"

extern const unsigned squares[CONFIG_TABLES_SIZE];
