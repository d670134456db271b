/**
 * @file
 * The registers of an interrupted program, as the exception and interrupt entry code stores them.
 *
 * Offsets are for assembly; the struct is the same for C.
 */
#pragma once

#define XT_FRAME_PC 0
#define XT_FRAME_PS 4
/** Offset of address register `n`. */
#define XT_FRAME_A(n) (8 + 4 * (n))
#define XT_FRAME_SAR 72
#define XT_FRAME_EXCCAUSE 76
#define XT_FRAME_EXCVADDR 80
#define XT_FRAME_LBEG 84
#define XT_FRAME_LEND 88
#define XT_FRAME_LCOUNT 92
#define XT_FRAME_KIND 96
/* What follows is in frames of interrupts, and only assembly looks at it. */
#define XT_FRAME_BR 100
#define XT_FRAME_SCOMPARE1 104
#define XT_FRAME_ACCLO 108
#define XT_FRAME_ACCHI 112
#define XT_FRAME_FCR 116
#define XT_FRAME_FSR 120
/** Offset of floating-point register `n`. */
#define XT_FRAME_F(n) (124 + 4 * (n))

/** Size of the frame that an interrupt builds on the stack. A multiple of the stack's alignment of 16. */
#if __XCHAL_HAVE_FP
#define XT_INTERRUPT_FRAME_SIZE 192
#else
#define XT_INTERRUPT_FRAME_SIZE 128
#endif

/** CPENABLE: the coprocessor that is the FPU. */
#define CPENABLE_FPU 1

/** EXCCAUSE: a level-1 interrupt. */
#define EXCCAUSE_LEVEL1INTERRUPT 4
/** EXCCAUSE: MOVSP found the caller's registers spilled. */
#define EXCCAUSE_ALLOCA 5

/** A fatal frame comes from the general exception vector: EXCCAUSE says why. */
#define XT_KIND_EXCEPTION 0
/** From the debug exception vector: DEBUGCAUSE says why. */
#define XT_KIND_DEBUG 1
/** An exception within an exception or window handler. */
#define XT_KIND_DOUBLE 2
/** An exception with PS.UM = 0, which this system never sets. */
#define XT_KIND_KERNEL 3
/** An interrupt of level `n` (2 to 5, or 7: NMI), which nothing enables. */
#define XT_KIND_INTERRUPT(n) (8 + (n))

/** PS.INTLEVEL: interrupts up to this level wait. */
#define PS_INTLEVEL(n) (n)
/** PS.EXCM: exception mode. */
#define PS_EXCM 0x10
/** PS.UM: exceptions go to the user vector. */
#define PS_UM 0x20
/** PS.WOE: window overflow detection. */
#define PS_WOE 0x40000

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

/** Registers of the interrupted program. */
typedef struct {
    uint32_t pc;       /**< Where it was interrupted. */
    uint32_t ps;       /**< Processor state. */
    uint32_t a[16];    /**< Address registers of the current window; a[1] is the stack pointer. */
    uint32_t sar;      /**< Shift amount. */
    uint32_t exccause; /**< Cause of the last exception. */
    uint32_t excvaddr; /**< Address of the last bad access. */
    uint32_t lbeg;     /**< Begin of the zero-overhead loop. */
    uint32_t lend;     /**< End of the loop. */
    uint32_t lcount;   /**< Rounds left in the loop. */
    uint32_t kind;     /**< XT_KIND_; only in fatal frames, which end here. */
} xt_frame_t;

_Static_assert(offsetof(xt_frame_t, a[15]) == XT_FRAME_A(15), "assembly and C disagree");
_Static_assert(offsetof(xt_frame_t, lcount) == XT_FRAME_LCOUNT, "assembly and C disagree");
_Static_assert(offsetof(xt_frame_t, kind) == XT_FRAME_KIND, "assembly and C disagree");
#endif
