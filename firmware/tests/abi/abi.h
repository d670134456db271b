/**
 * @file
 * Calls between C of all levels of optimisation and Rust: what one side passes, the other one gets.
 *
 * Structures are N bytes, of which byte i is seed + 7 * i; what is expected of a call follows from the seed alone.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Defined in Rust: fails the test if `ok` is false. */
void abi_check(bool ok, const char *condition, const char *file, uint32_t line);

/** Fails the test where a condition does not hold. */
#define CHECK(condition) abi_check(condition, #condition, __FILE__, __LINE__)

/** Sizes of structures, in bytes. */
#define ABI_SIZES(X) \
    X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) \
    X(13) X(14) X(15) X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24)

/** A structure of N bytes, and the functions that both languages define: `L` is c or rust. */
#define ABI_STRUCT(N) \
    typedef struct { uint8_t bytes[N]; } abi_bytes##N; \
    ABI_FUNCTIONS(c, N) \
    ABI_FUNCTIONS(rust, N)

/**
 * make returns a structure, next takes and returns one (seed + 1), and sumK adds what it gets: K numbers first, so that the structure
 * begins in another register or on the stack, and one behind it.
 */
#define ABI_FUNCTIONS(L, N) \
    abi_bytes##N abi_##L##_make##N(uint32_t seed); \
    abi_bytes##N abi_##L##_next##N(abi_bytes##N s); \
    uint32_t abi_##L##_sum0_##N(abi_bytes##N s, uint32_t z); \
    uint32_t abi_##L##_sum1_##N(uint32_t a, abi_bytes##N s, uint32_t z); \
    uint32_t abi_##L##_sum2_##N(uint32_t a, uint32_t b, abi_bytes##N s, uint32_t z); \
    uint32_t abi_##L##_sum3_##N(uint32_t a, uint32_t b, uint32_t c, abi_bytes##N s, uint32_t z); \
    uint32_t abi_##L##_sum4_##N(uint32_t a, uint32_t b, uint32_t c, uint32_t d, abi_bytes##N s, uint32_t z); \
    uint32_t abi_##L##_sum5_##N(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e, abi_bytes##N s, uint32_t z);

ABI_SIZES(ABI_STRUCT)

/** Structures whose members have an alignment. */
typedef struct { int64_t wide; int8_t narrow; } abi_wide;
typedef struct { float x, y; } abi_point;
typedef struct { double value; } abi_real;
typedef struct { int16_t a; int8_t b; int16_t c; } abi_shorts;
typedef struct { int8_t tag; union { int32_t number; float ratio; uint8_t bytes[8]; } any; } abi_tagged;

/** Each returns its structure with doubled members; `before` and `after` are odd, and it returns zeros if they are not. */
#define ABI_DOUBLE(L) \
    abi_wide abi_##L##_double_wide(int32_t before, abi_wide s, int32_t after); \
    abi_point abi_##L##_double_point(int32_t before, abi_point s, int32_t after); \
    abi_real abi_##L##_double_real(int32_t before, abi_real s, int32_t after); \
    abi_shorts abi_##L##_double_shorts(int32_t before, abi_shorts s, int32_t after); \
    abi_tagged abi_##L##_double_tagged(int32_t before, abi_tagged s, int32_t after);
ABI_DOUBLE(c)
ABI_DOUBLE(rust)

/** Numbers of all kinds, in registers and on the stack: all are added, each times its position. */
double abi_c_mix(int8_t a, int64_t b, float c, double d, uint16_t e, float f, int64_t g, double h);
double abi_rust_mix(int8_t a, int64_t b, float c, double d, uint16_t e, float f, int64_t g, double h);

/** Kinds of variable arguments, a letter each: Int, Long long, Double, Pointer to int32_t, Small structure, Big structure. */
int64_t abi_c_add(const char *kinds, ...);
/** The same with a list; what is left of it can be added by another call. */
int64_t abi_c_add_list(const char *kinds, va_list *list);
/** The type of abi_c_add. */
typedef int64_t (*abi_add_t)(const char *kinds, ...);

/** What C tests by itself. */
void abi_c_structs(void);
void abi_c_numbers(void);
void abi_c_varargs(void);
void abi_c_control(void);
void abi_c_atomics(void);
/** What C++ does. */
void abi_cxx(void);

/** The same objects are used by both languages. */
typedef struct { uint8_t one; uint16_t two; uint32_t four; uint64_t eight; } abi_atomics;
/** Adds 1, 2, 4 and 8 to the members, `times` times, and exchanges each once. */
void abi_c_add_atomically(abi_atomics *atomics, uint32_t times);

#ifdef __cplusplus
}
#endif
