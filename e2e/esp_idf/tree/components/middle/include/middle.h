#pragma once

#include "base.h"

base_t middle_down(base_t value);
