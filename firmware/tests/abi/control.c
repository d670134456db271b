#include <alloca.h>
#include <setjmp.h>
#include <string.h>

#include "abi.h"

static jmp_buf back;

// it ends with a jump
#pragma GCC diagnostic ignored "-Winfinite-recursion"

/** Jumps out of `depth` calls, whose register windows are partly on the stack. */
static int __attribute__((noinline)) jump_from(int depth)
{
    if (depth > 0) {
        return jump_from(depth - 1) + 1;
    }
    longjmp(back, 42);
}

static void check_jumps(void)
{
    for (volatile int depth = 0; depth < 40; depth += 3) {
        volatile int before = depth * 5;
        int result = setjmp(back);
        if (result == 0) {
            jump_from(depth);
            CHECK(false);
        }
        CHECK(result == 42 && before == depth * 5);
    }
    // 0 becomes 1
    volatile int times = 0;
    if (setjmp(back) == 0) {
        times++;
        longjmp(back, 0);
    }
    CHECK(times == 1);
}

static uint32_t __attribute__((noinline)) sum_of(const uint8_t *bytes, uint32_t length)
{
    uint32_t sum = 0;
    while (length-- > 0) {
        sum += bytes[length];
    }
    return sum;
}

/** Frames that grow while the caller's registers are in the CPU, or already on the stack. */
static uint32_t __attribute__((noinline)) grow(uint32_t depth)
{
    uint32_t below = depth == 0 ? 0 : grow(depth - 1);
    uint32_t sum = 0;
    for (uint32_t i = 1; i <= 3; i++) {
        uint8_t *bytes = alloca(16 * i + depth);
        memset(bytes, (int)i, 16 * i + depth);
        sum += sum_of(bytes, 16 * i + depth);
    }
    return below + sum;
}

static void check_alloca(void)
{
    // each: 16 * (1 + 4 + 9) + depth * (1 + 2 + 3)
    CHECK(grow(0) == 224);
    CHECK(grow(20) == 21 * 224 + 6 * 210);
}

/** A machine with jumps to computed labels: + adds, * doubles, . ends. */
static int __attribute__((noinline)) interpret(const char *program)
{
    static const void *const labels[] = {&&multiply, &&add, &&end};
    int value = 1;
#define NEXT() goto *labels[*program == '*' ? 0 : *program == '+' ? 1 : 2]
    NEXT();
multiply:
    value *= 2;
    program++;
    NEXT();
add:
    value += 1;
    program++;
    NEXT();
end:
    return value;
}

typedef int (*unary_t)(int);

static int __attribute__((noinline)) twice(unary_t function, int value)
{
    return function(function(value));
}

static void __attribute__((noinline)) check_nested(int offset)
{
    int calls = 0;
    // Not by its address: that would be code on the stack, where the chip cannot run any.
    int __attribute__((noinline)) add(int value)
    {
        calls++;
        return value > 100 ? value : add(value + offset);
    }
    CHECK(add(1) == 103 && calls == 35);
}

static int add_ten(int value)
{
    return value + 10;
}

static int __attribute__((noinline)) choose(int n)
{
    switch (n) {
    case 0: return 7;
    case 1: return -3;
    case 2: return 1000;
    case 3: return 12;
    case 4: return 99;
    case 5: return -100000;
    case 6: return 4;
    default: return 0;
    }
}

void abi_c_control(void)
{
    check_jumps();
    check_alloca();
    CHECK(interpret("*+*+*.") == 14 && interpret(".") == 1);
    check_nested(3);
    CHECK(twice(add_ten, 1) == 21);
    static const int chosen[] = {7, -3, 1000, 12, 99, -100000, 4, 0, 0};
    for (int i = 0; i < 9; i++) {
        CHECK(choose(i) == chosen[i]);
    }
}
