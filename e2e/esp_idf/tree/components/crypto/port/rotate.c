#include "checksum.h"

unsigned checksum_rotate(unsigned value)
{
    return value << 1 | value >> 15;
}
