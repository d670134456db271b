#pragma once

#define CHECKSUM_MASK 0xFFFF
