#include "abi.h"

/** The structures that travel as variable arguments. */
static int64_t add_bytes(const uint8_t *bytes, int n)
{
    int64_t sum = 0;
    for (int i = 0; i < n; i++) {
        sum += bytes[i];
    }
    return sum;
}

int64_t abi_c_add_list(const char *kinds, va_list *list)
{
    int64_t sum = 0;
    for (; *kinds != '\0'; kinds++) {
        switch (*kinds) {
        case 'I':
            sum += va_arg(*list, int);
            break;
        case 'L':
            sum += va_arg(*list, long long);
            break;
        case 'D':
            sum += (int64_t)(va_arg(*list, double) * 4);
            break;
        case 'P':
            sum += *va_arg(*list, int32_t *);
            break;
        case 'S': {
            abi_bytes5 s = va_arg(*list, abi_bytes5);
            sum += add_bytes(s.bytes, sizeof s.bytes);
            break;
        }
        case 'B': {
            abi_bytes24 s = va_arg(*list, abi_bytes24);
            sum += add_bytes(s.bytes, sizeof s.bytes);
            break;
        }
        default:
            CHECK(false);
        }
    }
    return sum;
}

int64_t abi_c_add(const char *kinds, ...)
{
    va_list list;
    va_start(list, kinds);
    int64_t sum = abi_c_add_list(kinds, &list);
    va_end(list);
    return sum;
}
