#include "ping.h"

#include "pong.h"
#include "secret.h"

extern const uint8_t table_start[] asm("_binary_table_bin_start");
extern const uint8_t table_end[] asm("_binary_table_bin_end");
extern const uint32_t table_length asm("table_bin_length");
extern const uint8_t text_start[] asm("_binary_1st_text_txt_start");
extern const uint32_t text_length asm("_1st_text_txt_length");

uint32_t ping(uint32_t count)
{
    return count == 0 ? PING_SECRET : pong(count - 1);
}

uint32_t ping_embedded(void)
{
    uint32_t sum = table_length + text_length;
    for (const uint8_t *byte = table_start; byte != table_end; byte++) {
        sum += *byte;
    }
    for (const uint8_t *byte = text_start; *byte != 0; byte++) {
        sum += *byte;
    }
    return sum;
}
