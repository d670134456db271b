// Atomic operations on 8 bytes, which the CPU does not have: interrupts wait meanwhile. The functions are those that compilers call.

#include <stdbool.h>
#include <stdint.h>

#include "esp_cpu.h"

#define FETCH(NAME, RESULT) \
    uint64_t __atomic_fetch_##NAME##_8(volatile void *object, uint64_t operand, int order) \
    { \
        (void)order; \
        volatile uint64_t *value = object; \
        uint32_t ps = esp_cpu_intr_mask(); \
        uint64_t before = *value; \
        *value = RESULT; \
        esp_cpu_intr_restore(ps); \
        return before; \
    }

FETCH(add, before + operand)
FETCH(sub, before - operand)
FETCH(and, before & operand)
FETCH(or, before | operand)
FETCH(xor, before ^ operand)
FETCH(nand, ~(before & operand))

uint64_t __atomic_load_8(const volatile void *object, int order)
{
    (void)order;
    uint32_t ps = esp_cpu_intr_mask();
    uint64_t value = *(const volatile uint64_t *)object;
    esp_cpu_intr_restore(ps);
    return value;
}

void __atomic_store_8(volatile void *object, uint64_t value, int order)
{
    (void)order;
    uint32_t ps = esp_cpu_intr_mask();
    *(volatile uint64_t *)object = value;
    esp_cpu_intr_restore(ps);
}

uint64_t __atomic_exchange_8(volatile void *object, uint64_t value, int order)
{
    (void)order;
    uint32_t ps = esp_cpu_intr_mask();
    uint64_t before = *(volatile uint64_t *)object;
    *(volatile uint64_t *)object = value;
    esp_cpu_intr_restore(ps);
    return before;
}

_Bool __atomic_compare_exchange_8(volatile void *object, void *expected, uint64_t value, _Bool weak, int success, int failure)
{
    (void)weak;
    (void)success;
    (void)failure;
    uint32_t ps = esp_cpu_intr_mask();
    uint64_t before = *(volatile uint64_t *)object;
    bool equal = before == *(uint64_t *)expected;
    if (equal) {
        *(volatile uint64_t *)object = value;
    }
    esp_cpu_intr_restore(ps);
    if (!equal) {
        *(uint64_t *)expected = before;
    }
    return equal;
}
