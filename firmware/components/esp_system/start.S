// Entry point: the second-stage bootloader has loaded IRAM and DRAM, mapped the flash, and jumps here.

#include "xtensa_context.h"

    .section .iram1.start.literal, "ax", @progbits
    .p2align 2
.Lps_no_windows:
    .long   PS_UM | PS_INTLEVEL(15)
.Lps_start:
    .long   PS_WOE | PS_UM | PS_INTLEVEL(5)
.Lvector_table:
    .long   _vector_table
.Lstack_top:
    .long   _stack_top
.Lstart_cpu0:
    .long   start_cpu0

    .section .iram1.start, "ax", @progbits
    .p2align 2
    .global _start
    .type _start, @function
_start:
    // The bootloader's register windows are given up: they lie on its stack, which is now free memory.
    l32r    a0, .Lps_no_windows
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
    l32r    a2, .Lvector_table
    wsr     a2, vecbase
    l32r    a1, .Lstack_top
    l32r    a2, .Lps_start
    wsr     a2, ps
    rsync
    l32r    a2, .Lstart_cpu0        // a0 = 0 ends every backtrace
    callx4  a2
1:  j       1b
    .size _start, . - _start

// panic_handler() has a stack of its own: it also reports that the main stack is full.
    .section .bss.panic_stack, "aw", @nobits
    .p2align 4
    .space  2048
    .global panic_stack_top
panic_stack_top:

    .section .note.GNU-stack, "", @progbits
