#pragma once

#include "base.h"

base_t pong(base_t count);
