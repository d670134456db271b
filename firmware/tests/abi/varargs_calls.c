// In another file than what it calls, so that nothing is inlined.

#include <stdio.h>
#include <string.h>

#include "abi.h"
#include "esp_log.h"

static const abi_bytes5 SMALL = {{1, 2, 3, 4, 5}};
static const abi_bytes24 BIG = {{[0] = 10, [7] = 20, [15] = 30, [23] = 40}};
enum { SMALL_SUM = 15, BIG_SUM = 100 };

/** Named arguments of all widths before the variable ones. */
static int64_t __attribute__((noinline)) add_behind(int a, long long b, double c, const char *kinds, ...)
{
    va_list list;
    va_start(list, kinds);
    int64_t sum = abi_c_add_list(kinds, &list);
    va_end(list);
    return sum + a + b + (int64_t)c;
}

/** Reads a list, and then a copy that was made before. */
static void __attribute__((noinline)) check_twice(int64_t expected, const char *kinds, ...)
{
    va_list list;
    va_list copy;
    va_start(list, kinds);
    va_copy(copy, list);
    CHECK(abi_c_add_list(kinds, &list) == expected);
    CHECK(abi_c_add_list(kinds, &copy) == expected);
    va_end(copy);
    va_end(list);
}

/** Reads a list in two parts, by two functions. */
static int64_t __attribute__((noinline)) add_in_parts(const char *first, const char *rest, ...)
{
    va_list list;
    va_start(list, rest);
    int64_t sum = abi_c_add_list(first, &list) * 1000;
    sum += abi_c_add_list(rest, &list);
    va_end(list);
    return sum;
}

/** Calls through a pointer, with what `context` has. */
static int64_t __attribute__((noinline)) call_back(abi_add_t add, const int *context)
{
    return add("ILI", context[0], (long long)context[1], context[2]);
}

static int __attribute__((noinline)) format(char *text, size_t size, const char *form, ...)
{
    va_list list;
    va_start(list, form);
    int length = vsnprintf(text, size, form, list);
    va_end(list);
    return length;
}

void abi_c_varargs(void)
{
    int32_t thousand = 1000;
    int64_t wide = 0x100000000;

    CHECK(abi_c_add("") == 0);
    CHECK(abi_c_add("I", -1) == -1);
    CHECK(abi_c_add("IIIII", 1, 2, 3, 4, 5) == 15);
    // the sixth and later words are on the stack
    CHECK(abi_c_add("IIIIIIIIII", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) == 55);
    // eight bytes are aligned: with a hole, and across the end of the registers
    CHECK(abi_c_add("L", wide) == wide);
    CHECK(abi_c_add("LL", wide, wide) == 2 * wide);
    CHECK(abi_c_add("ILIL", 1, wide, 2, wide) == 2 * wide + 3);
    CHECK(abi_c_add("IILIIL", 1, 2, wide, 3, 4, wide) == 2 * wide + 10);
    CHECK(abi_c_add("IIIL", 1, 2, 3, wide) == wide + 6);
    CHECK(abi_c_add("IIIIL", 1, 2, 3, 4, wide) == wide + 10);
    CHECK(abi_c_add("IIIIIL", 1, 2, 3, 4, 5, wide) == wide + 15);
    CHECK(abi_c_add("IIIIIIL", 1, 2, 3, 4, 5, 6, wide) == wide + 21);
    CHECK(abi_c_add("D", 0.25) == 1);
    CHECK(abi_c_add("IDIDID", 1, 1.5, 2, -2.5, 3, 1e6) == 6 + 6 - 10 + 4000000);
    CHECK(abi_c_add("D", 1.75f) == 7);
    CHECK(abi_c_add("PIP", &thousand, 5, &thousand) == 2005);
    CHECK(abi_c_add("S", SMALL) == SMALL_SUM);
    CHECK(abi_c_add("ISISIS", 1, SMALL, 2, SMALL, 3, SMALL) == 6 + 3 * SMALL_SUM);
    CHECK(abi_c_add("B", BIG) == BIG_SUM);
    CHECK(abi_c_add("IBSLDPI", 1, BIG, SMALL, wide, 0.5, &thousand, 2) == 3 + BIG_SUM + SMALL_SUM + wide + 2 + 1000);
    CHECK(abi_c_add("IIIISB", 1, 2, 3, 4, SMALL, BIG) == 10 + SMALL_SUM + BIG_SUM);

    CHECK(add_behind(1, wide, 2.5, "ILD", 3, wide, 4.0) == 2 * wide + 1 + 2 + 3 + 16);
    check_twice(wide + 6 + BIG_SUM, "IIILB", 1, 2, 3, wide, BIG);
    CHECK(add_in_parts("IL", "ID", 1, 2LL, 3, 4.0) == 3 * 1000 + 19);
    CHECK(add_in_parts("IIII", "LSB", 1, 2, 3, 4, wide, SMALL, BIG) == 10 * 1000 + wide + SMALL_SUM + BIG_SUM);
    CHECK(call_back(abi_c_add, (int[]){7, 8, 9}) == 24);

    ESP_LOGD("varargs", "FAIL: %d is below the level", 1);
    ESP_LOGI("varargs", "%d %lld %.2f %s", 12, 345678901234LL, 2.5, "text");

    char text[80];
    int length = format(text, sizeof text, "%d %lld %s %c %.3f %u|%5s|%-5d|%08lx", -1, -2LL, "three", '4', 5.125, 6u, "ab", 78, 0xBEEFul);
    const char *expected = "-1 -2 three 4 5.125 6|   ab|78   |0000beef";
    CHECK(length == (int)strlen(expected));
    CHECK(strcmp(text, expected) == 0);
    CHECK(format(text, 4, "%s", "longer") == 6 && strcmp(text, "lon") == 0);
    int a = 0;
    long long b = 0;
    char word[8];
    CHECK(sscanf("12 -34567890123 word", "%d %lld %7s", &a, &b, word) == 3);
    CHECK(a == 12 && b == -34567890123 && strcmp(word, "word") == 0);
}
