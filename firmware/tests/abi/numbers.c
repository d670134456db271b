#include <math.h>
#include <string.h>

#include "abi.h"

double abi_c_mix(int8_t a, int64_t b, float c, double d, uint16_t e, float f, int64_t g, double h)
{
    return a + 2.0 * (double)b + 3 * c + 4 * d + 5 * e + 6 * f + 7.0 * (double)g + 8 * h;
}

static uint32_t bits_of_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint64_t bits_of_double(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void check_integers(void)
{
    volatile int64_t a = 0x123456789ABCDEF;
    volatile int64_t b = -0xFEDCBA987;
    volatile int shift = 13;
    CHECK(a * b == 2951479125072584695);
    CHECK(a / b == -1198372);
    CHECK(a % b == 39094220787);
    CHECK(a << shift == 7542668687916785664);
    CHECK(a >> (shift + 24) == 596523);
    CHECK(b >> (shift - 8) == -2137939277);
    volatile uint32_t c = 0xFFFFFFFF;
    CHECK((uint64_t)c * (c - 1) == 0xFFFFFFFD00000002);
    volatile int32_t d = -5;
    CHECK((int64_t)d * 1000000007 == -5000000035);
    CHECK((uint64_t)a / 1000 == 81985529216486);
    CHECK(__builtin_popcountll((uint64_t)a) == 32 && __builtin_clzll((uint64_t)a) == 7 && __builtin_ctzll((uint64_t)b) == 0);
    CHECK(__builtin_bswap64((uint64_t)a) == 0xEFCDAB8967452301);
    int64_t sum;
    CHECK(__builtin_add_overflow(a, INT64_MAX, &sum) && !__builtin_add_overflow(a, b, &sum));
}

static void check_floats(void)
{
    volatile float a = 1.1f, b = 2.3f, one = 1, three = 3, two = 2, large = 16777216, nan = NAN;
    CHECK(bits_of_float(a * b) == 0x4021EB85);
    CHECK(bits_of_float(one / three) == 0x3EAAAAAB);
    CHECK(bits_of_float(sqrtf(two)) == 0x3FB504F3);
    CHECK(bits_of_float(large + one) == 0x4B800000);
    CHECK(bits_of_float(-a) == 0xBF8CCCCD && bits_of_float(fabsf(-a)) == 0x3F8CCCCD);
    CHECK((int32_t)(b * -1000) == -2300 && (uint32_t)3e9f == 3000000000u && (float)-7 == -7.0f);
    CHECK((int64_t)(large * large) == 1LL << 48 && (float)(1LL << 40) == 1099511627776.0f);
    CHECK(a < b && !(b < a) && !(nan < a) && !(nan > a) && nan != nan && !(nan == nan));
    CHECK((a < b ? two : three) == 2 && (nan < b ? two : three) == 3);
    CHECK((double)a == 1.10000002384185791015625);
    float sum = 0;
    for (int i = 1; i <= 100; i++) {
        sum += (float)i * a;
    }
    CHECK(sum > 5554.9f && sum < 5555.1f);
}

static void check_doubles(void)
{
    volatile double a = 1.1, b = 2.3, one = 1, three = 3, two = 2, nan = NAN;
    CHECK(bits_of_double(a * b) == 0x40043D70A3D70A3D);
    CHECK(bits_of_double(one / three) == 0x3FD5555555555555);
    CHECK(bits_of_double(sqrt(two)) == 0x3FF6A09E667F3BCD);
    CHECK((int64_t)(b * 1e15) == 2300000000000000 && (float)a == 1.1f && (int)-2.9 == -2);
    CHECK(a < b && !(nan < a) && nan != nan);
    CHECK(fabs(sin(one) - 0.8414709848078965) < 1e-15 && fabs(pow(two, 0.5) * pow(two, 0.5) - 2) < 1e-15);
}

void abi_c_numbers(void)
{
    check_integers();
    check_floats();
    check_doubles();
    int64_t wide = 1LL << 33;
    CHECK(abi_c_mix(-1, wide, 0.5f, 0.25, 3, -1.5f, -wide, 1e3) == -42949664952.5);
    CHECK(abi_rust_mix(-1, wide, 0.5f, 0.25, 3, -1.5f, -wide, 1e3) == -42949664952.5);
}
