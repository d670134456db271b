/**
 * @file
 * What the test of calls between C and Rust shares: data of many shapes, and functions in both directions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A choice with a gap and a negative value. */
typedef enum {
    INTEROP_MINUS = -5, /**< Negative. */
    INTEROP_ZERO = 0,   /**< Zero. */
    INTEROP_LARGE = 70000, /**< More than 16 bits. */
} interop_choice_t;

/** A structure within another. */
typedef struct {
    uint8_t first;  /**< Before padding. */
    uint64_t wide;  /**< Aligned to its size. */
    uint16_t last;  /**< Before padding at the end. */
} interop_inner_t;

/** One of several things. */
typedef union {
    uint8_t bytes[8]; /**< As bytes. */
    uint32_t word;    /**< As the first word. */
    double number;    /**< As a number. */
} interop_any_t;

/** A function that C calls. */
typedef int64_t (*interop_callback_t)(void *context, uint32_t index, int64_t value);

/** Data of many shapes. */
typedef struct {
    bool flag;                     /**< One byte. */
    int8_t tiny;                   /**< One byte, signed. */
    int16_t small;                 /**< Two bytes. */
    wchar_t letter;                /**< A wide character: two bytes. */
    interop_choice_t choice;       /**< An enum. */
    interop_inner_t inner[2];      /**< An array of structures. */
    interop_any_t any;             /**< A union. */
    float ratio;                   /**< Single precision. */
    const char *name;              /**< A string. */
    interop_callback_t callback;   /**< A function. */
    uint32_t low : 3;              /**< Bits 2..0. */
    uint32_t middle : 10;          /**< Bits 12..3. */
    uint32_t high : 19;            /**< Bits 31..13. */
    uint8_t tail[3];               /**< An array at the end. */
} interop_record_t;

/** What C thinks of interop_record_t. */
typedef enum {
    INTEROP_SIZE,            /**< Its size. */
    INTEROP_ALIGNMENT,       /**< Its alignment. */
    INTEROP_OFFSET_CHOICE,   /**< Offset of choice. */
    INTEROP_OFFSET_INNER,    /**< Offset of inner. */
    INTEROP_OFFSET_ANY,      /**< Offset of any. */
    INTEROP_OFFSET_RATIO,    /**< Offset of ratio. */
    INTEROP_OFFSET_NAME,     /**< Offset of name. */
    INTEROP_OFFSET_CALLBACK, /**< Offset of callback. */
    INTEROP_OFFSET_TAIL,     /**< Offset of tail. */
} interop_fact_t;

/** Answers with a size or an offset in bytes. */
size_t interop_fact(interop_fact_t fact);

/** Fills a record with the values that the test expects. */
void interop_fill(interop_record_t *record);

/** Calls record->callback(context, index, value) for index 0 to count - 1 with the value it returned before, at first 1. */
int64_t interop_fold(const interop_record_t *record, void *context, uint32_t count);

/** Adds numbers of all sizes: six argument registers, the rest on the stack. */
int64_t interop_add(int8_t a, int64_t b, uint16_t c, int64_t d, uint32_t e, int64_t f, int32_t g, int64_t h);

/** Multiplies in single precision. */
float interop_multiply(float a, float b);

/** Defined in Rust: the square. */
float interop_square(float a);

/** Asks Rust for the squares of both, and adds them. */
float interop_sum_of_squares(float a, float b);

/** Defined in Rust: the CRC-32 (polynomial 0xEDB88320) of `length` bytes. */
uint32_t interop_crc32(const uint8_t *bytes, size_t length);

/** Asks Rust for the CRC-32 of the digits 1 to 9. */
uint32_t interop_crc32_of_digits(void);
