// Entry point: the bootloader has loaded IRAM and DRAM, mapped the flash, and jumps here. Its windows and stack are given up.

    .section .iram1.start, "ax", @progbits
    .p2align 2
    .global call_start_cpu0
    .type call_start_cpu0, @function
call_start_cpu0:
    movi    a0, 0x2F                // PS: UM, INTLEVEL 15
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
    movi    a2, _vector_table
    wsr     a2, vecbase
    movi    a1, _stack_top
    movi    a2, 0x40025             // PS: WOE, UM, INTLEVEL 5
    wsr     a2, ps
    rsync
    movi    a2, 1                   // the floating-point unit
    wsr     a2, cpenable
    rsync
    movi    a2, start_cpu0
    callx4  a2
1:  j       1b
