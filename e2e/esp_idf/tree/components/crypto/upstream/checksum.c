#include "checksum.h"

#include CHECKSUM_CONFIG_FILE

unsigned checksum(const char *text)
{
    unsigned sum = checksum_seed();
    while (*text) {
        sum = (checksum_rotate(sum) ^ (unsigned char)*text++) & CHECKSUM_MASK;
    }
    return sum;
}
