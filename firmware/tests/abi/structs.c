#include "abi.h"

#define DEFINE(N) \
    abi_bytes##N abi_c_make##N(uint32_t seed) \
    { \
        abi_bytes##N s; \
        for (int i = 0; i < N; i++) { \
            s.bytes[i] = (uint8_t)(seed + 7 * i); \
        } \
        return s; \
    } \
    abi_bytes##N abi_c_next##N(abi_bytes##N s) \
    { \
        for (int i = 0; i < N; i++) { \
            s.bytes[i]++; \
        } \
        return s; \
    } \
    static uint32_t sum##N(abi_bytes##N s) \
    { \
        uint32_t sum = 0; \
        for (int i = 0; i < N; i++) { \
            sum += s.bytes[i]; \
        } \
        return sum; \
    } \
    uint32_t abi_c_sum0_##N(abi_bytes##N s, uint32_t z) { return sum##N(s) + z; } \
    uint32_t abi_c_sum1_##N(uint32_t a, abi_bytes##N s, uint32_t z) { return sum##N(s) + a + z; } \
    uint32_t abi_c_sum2_##N(uint32_t a, uint32_t b, abi_bytes##N s, uint32_t z) { return sum##N(s) + a + b + z; } \
    uint32_t abi_c_sum3_##N(uint32_t a, uint32_t b, uint32_t c, abi_bytes##N s, uint32_t z) { return sum##N(s) + a + b + c + z; } \
    uint32_t abi_c_sum4_##N(uint32_t a, uint32_t b, uint32_t c, uint32_t d, abi_bytes##N s, uint32_t z) \
    { \
        return sum##N(s) + a + b + c + d + z; \
    } \
    uint32_t abi_c_sum5_##N(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e, abi_bytes##N s, uint32_t z) \
    { \
        return sum##N(s) + a + b + c + d + e + z; \
    }
ABI_SIZES(DEFINE)

static bool are_odd(int32_t before, int32_t after)
{
    return before % 2 != 0 && after % 2 != 0;
}

abi_wide abi_c_double_wide(int32_t before, abi_wide s, int32_t after)
{
    return are_odd(before, after) ? (abi_wide){2 * s.wide, (int8_t)(2 * s.narrow)} : (abi_wide){0};
}

abi_point abi_c_double_point(int32_t before, abi_point s, int32_t after)
{
    return are_odd(before, after) ? (abi_point){2 * s.x, 2 * s.y} : (abi_point){0};
}

abi_real abi_c_double_real(int32_t before, abi_real s, int32_t after)
{
    return are_odd(before, after) ? (abi_real){2 * s.value} : (abi_real){0};
}

abi_shorts abi_c_double_shorts(int32_t before, abi_shorts s, int32_t after)
{
    return are_odd(before, after) ? (abi_shorts){(int16_t)(2 * s.a), (int8_t)(2 * s.b), (int16_t)(2 * s.c)} : (abi_shorts){0};
}

abi_tagged abi_c_double_tagged(int32_t before, abi_tagged s, int32_t after)
{
    return are_odd(before, after) ? (abi_tagged){(int8_t)(2 * s.tag), {2 * s.any.number}} : (abi_tagged){0};
}
