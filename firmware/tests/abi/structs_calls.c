// In another file than what it calls, so that nothing is inlined.

#include "abi.h"

#define BYTE(seed, i) ((uint8_t)((seed) + 7 * (i)))

static bool is_made_of(const uint8_t *bytes, uint32_t seed, int n)
{
    for (int i = 0; i < n; i++) {
        if (bytes[i] != BYTE(seed, i)) {
            return false;
        }
    }
    return true;
}

/**
 * rustc 1.98 forgets that the address of a returned structure of more than 16 bytes takes a register: it passes one of 21 to 24 bytes
 * in registers that are not there. This fails once it does not.
 */
#define ABI_IS_WRONG(L, N) (ABI_IS_RUST_##L && N > 20)
#define ABI_IS_RUST_c false
#define ABI_IS_RUST_rust true

/** What the bytes 0 to n - 1 add up to. */
static uint32_t expected_sum(uint32_t seed, int n)
{
    uint32_t sum = 0;
    for (int i = 0; i < n; i++) {
        sum += BYTE(seed, i);
    }
    return sum;
}

#define CALL(L, N) \
    { \
        enum { SEED = 11 * N + 3 }; \
        uint32_t sum = expected_sum(SEED, N); \
        abi_bytes##N s = abi_##L##_make##N(SEED); \
        CHECK(is_made_of(s.bytes, SEED, N)); \
        CHECK(is_made_of(abi_##L##_next##N(s).bytes, SEED + 1, N) != ABI_IS_WRONG(L, N)); \
        CHECK(abi_##L##_sum0_##N(s, 100000) == sum + 100000); \
        CHECK(abi_##L##_sum1_##N(1000, s, 100000) == sum + 101000); \
        CHECK(abi_##L##_sum2_##N(1000, 2000, s, 100000) == sum + 103000); \
        CHECK(abi_##L##_sum3_##N(1000, 2000, 3000, s, 100000) == sum + 106000); \
        CHECK(abi_##L##_sum4_##N(1000, 2000, 3000, 4000, s, 100000) == sum + 110000); \
        CHECK(abi_##L##_sum5_##N(1000, 2000, 3000, 4000, 5000, s, 100000) == sum + 115000); \
    }
#define CALL_BOTH(N) CALL(c, N) CALL(rust, N)

#define CALL_DOUBLE(L) \
    { \
        abi_wide wide = abi_##L##_double_wide(1, (abi_wide){-0x123456789A, 50}, 3); \
        CHECK(wide.wide == -0x2468ACF134 && wide.narrow == 100); \
        abi_point point = abi_##L##_double_point(5, (abi_point){0.75f, -2.5f}, 7); \
        CHECK(point.x == 1.5f && point.y == -5.0f); \
        abi_real real = abi_##L##_double_real(9, (abi_real){1e100}, 11); \
        CHECK(real.value == 2e100); \
        abi_shorts shorts = abi_##L##_double_shorts(13, (abi_shorts){-1000, 60, 1001}, 15); \
        CHECK(shorts.a == -2000 && shorts.b == 120 && shorts.c == 2002); \
        abi_tagged tagged = abi_##L##_double_tagged(17, (abi_tagged){-3, {1 << 29}}, 19); \
        CHECK(tagged.tag == -6 && tagged.any.number == 1 << 30); \
    }

void abi_c_structs(void)
{
    ABI_SIZES(CALL_BOTH)
    CALL_DOUBLE(c)
    CALL_DOUBLE(rust)
}
