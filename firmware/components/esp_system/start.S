// Entry point: the second-stage bootloader has loaded IRAM and DRAM, mapped the flash, and jumps here.

#include "xtensa_context.h"

    .section .iram1.start, "ax", @progbits
    .p2align 2
    .global _start
    .type _start, @function
_start:
    // The bootloader's register windows are given up: they lie on its stack, which is now free memory.
    movi    a0, PS_UM | PS_INTLEVEL(15)
    wsr     a0, ps
    rsync
    movi    a0, 0
    wsr     a0, windowbase
    rsync
    movi    a0, 1
    wsr     a0, windowstart
    rsync
    movi    a0, 0
    wsr     a0, intenable
    wsr     a0, lcount
    wsr     a0, ibreakenable
    wsr     a0, dbreakc0
    wsr     a0, dbreakc1
    movi    a2, 0x15                // S32C1I, which atomics use, works on every memory (the ROM sets the same)
    wsr     a2, atomctl
    movi    a2, _vector_table
    wsr     a2, vecbase
    movi    a1, _stack_top
    movi    a2, PS_WOE | PS_UM | PS_INTLEVEL(5)
    wsr     a2, ps
    rsync
#if __XCHAL_HAVE_FP
    movi    a2, CPENABLE_FPU
    wsr     a2, cpenable
    rsync
#endif
    call4   start_cpu0              // a0 = 0 ends every backtrace
1:  j       1b
    .size _start, . - _start

// panic_handler() has a stack of its own: it also reports that the main stack is full.
    .section .bss.panic_stack, "aw", @nobits
    .p2align 4
    .space  2048
    .global panic_stack_top
panic_stack_top:
