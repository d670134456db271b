// Offsets from VECBASE are those of the ESP32's core. The handlers are those of the Xtensa ISA Reference Manual, "The Windowed Register
// Option": the windows lie in stack frames.

    .section .vectors, "ax", @progbits
    .p2align 10
    .global _vector_table
_vector_table:
    .org 0x000                      // call4
    s32e    a0, a5, -16
    s32e    a1, a5, -12
    s32e    a2, a5, -8
    s32e    a3, a5, -4
    rfwo

    .org 0x040
window_underflow4:
    l32e    a0, a5, -16
    l32e    a1, a5, -12
    l32e    a2, a5, -8
    l32e    a3, a5, -4
    rfwu

    .org 0x080                      // call8
    s32e    a0, a9, -16
    l32e    a0, a1, -12
    s32e    a1, a9, -12
    s32e    a2, a9, -8
    s32e    a3, a9, -4
    s32e    a4, a0, -32
    s32e    a5, a0, -28
    s32e    a6, a0, -24
    s32e    a7, a0, -20
    rfwo

    .org 0x0C0
window_underflow8:
    l32e    a0, a9, -16
    l32e    a1, a9, -12
    l32e    a2, a9, -8
    l32e    a7, a1, -12
    l32e    a3, a9, -4
    l32e    a4, a7, -32
    l32e    a5, a7, -28
    l32e    a6, a7, -24
    l32e    a7, a7, -20
    rfwu

    .org 0x100                      // call12
    s32e    a0, a13, -16
    l32e    a0, a1, -12
    s32e    a1, a13, -12
    s32e    a2, a13, -8
    s32e    a3, a13, -4
    s32e    a4, a0, -48
    s32e    a5, a0, -44
    s32e    a6, a0, -40
    s32e    a7, a0, -36
    s32e    a8, a0, -32
    s32e    a9, a0, -28
    s32e    a10, a0, -24
    s32e    a11, a0, -20
    rfwo

    .org 0x140
window_underflow12:
    l32e    a0, a13, -16
    l32e    a1, a13, -12
    l32e    a2, a13, -8
    l32e    a11, a1, -12
    l32e    a3, a13, -4
    l32e    a4, a11, -48
    l32e    a5, a11, -44
    l32e    a6, a11, -40
    l32e    a7, a11, -36
    l32e    a8, a11, -32
    l32e    a9, a11, -28
    l32e    a10, a11, -24
    l32e    a11, a11, -20
    rfwu

.macro fatal offset, epc
    .org \offset
    rsr     a2, \epc
    j       stop
.endm
    fatal 0x180, epc2
    fatal 0x1C0, epc3
    fatal 0x200, epc4
    fatal 0x240, epc5
    fatal 0x280, epc6
    fatal 0x2C0, epc7
    fatal 0x300, epc1
    fatal 0x340, epc1
    fatal 0x3C0, depc
    .org 0x400

// panic(cause, pc), on a stack and in windows of its own: nothing returns.
    .text
    .p2align 2
stop:
    rsr     a3, exccause
    wsr     a2, excsave1
    wsr     a3, excsave2
    movi    a0, 0
    wsr     a0, windowbase
    rsync
    movi    a0, 1
    wsr     a0, windowstart
    rsync
    movi    a1, _stack_top
    movi    a0, 0x40025             // PS: WOE, UM, INTLEVEL 5
    wsr     a0, ps
    rsync
    rsr     a6, excsave2
    rsr     a7, excsave1
    call4   panic
