#include "abi.h"

void abi_c_add_atomically(abi_atomics *atomics, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++) {
        __atomic_fetch_add(&atomics->one, 1, __ATOMIC_SEQ_CST);
        __atomic_fetch_add(&atomics->two, 2, __ATOMIC_SEQ_CST);
        __atomic_fetch_add(&atomics->four, 4, __ATOMIC_SEQ_CST);
        __atomic_fetch_add(&atomics->eight, 8, __ATOMIC_SEQ_CST);
    }
}

#define CHECK_TYPE(T, MAX) \
    { \
        static _Atomic T object; \
        T expected = 5; \
        object = 5; \
        CHECK(__atomic_exchange_n((T *)&object, MAX, __ATOMIC_ACQ_REL) == 5 && object == MAX); \
        CHECK(!__atomic_compare_exchange_n((T *)&object, &expected, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED) && expected == MAX); \
        CHECK(__atomic_compare_exchange_n((T *)&object, &expected, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED) && object == 1); \
        CHECK((T)(object -= 2) == MAX && (object |= 1) == MAX && (object &= 0x5A) == 0x5A && (object ^= 0xFF) == 0xA5); \
        CHECK(__atomic_nand_fetch((T *)&object, 0x0F, __ATOMIC_SEQ_CST) == (T)~(T)0x05); \
    }

void abi_c_atomics(void)
{
    CHECK_TYPE(uint8_t, UINT8_MAX)
    CHECK_TYPE(uint16_t, UINT16_MAX)
    CHECK_TYPE(uint32_t, UINT32_MAX)
    CHECK_TYPE(uint64_t, UINT64_MAX)
}
