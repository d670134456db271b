// The vector table. Offsets from VECBASE are those of the ESP32's core (xtensa/config/core-isa.h of ESP-IDF, XCHAL_*_VECOFS).

#include "xtensa_context.h"

    .section .vectors, "ax", @progbits
    .p2align 10
    .global _vector_table
_vector_table:

// Window overflow: the window about to be reused is stored in the stack frame of the function it calls. a0-a3 go below the
// callee's stack pointer, the rest to the end of the function's own frame, which its caller's stack pointer (at a1 - 12) bounds.
// Xtensa ISA Reference Manual, section "The Windowed Register Option", and its table of the stack frame's layout.

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

    .org 0x180                      // interrupt level 2
    wsr     a0, excsave2
    j       fatal_interrupt2
    .org 0x1C0                      // interrupt level 3
    wsr     a0, excsave3
    j       fatal_interrupt3
    .org 0x200                      // interrupt level 4
    wsr     a0, excsave4
    j       fatal_interrupt4
    .org 0x240                      // interrupt level 5
    wsr     a0, excsave5
    j       fatal_interrupt5
    .org 0x280                      // debug exception (level 6)
    wsr     a0, excsave6
    j       debug_exception
    .org 0x2C0                      // NMI (level 7)
    wsr     a0, excsave7
    j       fatal_interrupt7
    .org 0x300                      // exception with PS.UM = 0
    wsr     a0, excsave1
    j       fatal_kernel

    .org 0x340                      // exception with PS.UM = 1
    wsr     a0, excsave1
    rsr     a0, exccause
    bnei    a0, EXCCAUSE_LEVEL1INTERRUPT, 1f
    j       level1_interrupt
1:  bnei    a0, EXCCAUSE_ALLOCA, 2f
    j       alloca_exception
2:  j       fatal_exception

    .org 0x3C0                      // exception with PS.EXCM = 1
    wsr     a0, excsave1
    j       fatal_double
    .org 0x400


    .section .iram1.vectors, "ax", @progbits

// A level-1 interrupt, on the interrupted program's stack. All 16 registers of the window are stored, because the call of the
// dispatcher reuses those that the interrupted function does not own. The caller of the interrupted function has its a0-a3
// saved, or will have them saved, in the 16 bytes below the stack pointer; as the stack pointer moves, so do they, back and forth.
// Of the other registers, those that compiled code uses are stored: handlers compute, too.
    .p2align 2
level1_interrupt:
    addi    a0, a1, -(XT_INTERRUPT_FRAME_SIZE + 16)
    s32i    a1, a0, XT_FRAME_A(1)
    s32i    a2, a0, XT_FRAME_A(2)
    s32i    a3, a0, XT_FRAME_A(3)
    s32i    a4, a0, XT_FRAME_A(4)
    s32i    a5, a0, XT_FRAME_A(5)
    s32i    a6, a0, XT_FRAME_A(6)
    s32i    a7, a0, XT_FRAME_A(7)
    s32i    a8, a0, XT_FRAME_A(8)
    s32i    a9, a0, XT_FRAME_A(9)
    s32i    a10, a0, XT_FRAME_A(10)
    s32i    a11, a0, XT_FRAME_A(11)
    s32i    a12, a0, XT_FRAME_A(12)
    s32i    a13, a0, XT_FRAME_A(13)
    s32i    a14, a0, XT_FRAME_A(14)
    s32i    a15, a0, XT_FRAME_A(15)
    mov     a1, a0
    rsr     a2, excsave1
    s32i    a2, a1, XT_FRAME_A(0)
    rsr     a2, ps
    s32i    a2, a1, XT_FRAME_PS
    rsr     a2, sar
    s32i    a2, a1, XT_FRAME_SAR
    rsr     a2, lbeg
    s32i    a2, a1, XT_FRAME_LBEG
    rsr     a2, lend
    s32i    a2, a1, XT_FRAME_LEND
    rsr     a2, br
    s32i    a2, a1, XT_FRAME_BR
    rsr     a2, scompare1
    s32i    a2, a1, XT_FRAME_SCOMPARE1
    rsr     a2, acclo
    s32i    a2, a1, XT_FRAME_ACCLO
    rsr     a2, acchi
    s32i    a2, a1, XT_FRAME_ACCHI
#if __XCHAL_HAVE_FP
    rur     a2, fcr
    s32i    a2, a1, XT_FRAME_FCR
    rur     a2, fsr
    s32i    a2, a1, XT_FRAME_FSR
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    ssi     f\n, a1, XT_FRAME_F(\n)
.endr
#endif
    rsr     a2, lcount
    s32i    a2, a1, XT_FRAME_LCOUNT
    movi    a2, 0
    wsr     a2, lcount
    rsr     a0, epc1                // also the dispatcher's "return address", for backtraces
    s32i    a0, a1, XT_FRAME_PC
    addi    a3, a1, -16
    l32i    a2, a1, XT_INTERRUPT_FRAME_SIZE
    s32i    a2, a3, 0
    l32i    a2, a1, XT_INTERRUPT_FRAME_SIZE + 4
    s32i    a2, a3, 4
    l32i    a2, a1, XT_INTERRUPT_FRAME_SIZE + 8
    s32i    a2, a3, 8
    l32i    a2, a1, XT_INTERRUPT_FRAME_SIZE + 12
    s32i    a2, a3, 12
    movi    a2, PS_WOE | PS_UM | PS_INTLEVEL(3)
    wsr     a2, ps
    rsync
    mov     a6, a1
    movi    a2, xt_interrupt_dispatch
    callx4  a2

    l32i    a2, a1, XT_FRAME_PS     // has EXCM set
    wsr     a2, ps
    rsync
    addi    a3, a1, -16
    l32i    a2, a3, 0
    s32i    a2, a1, XT_INTERRUPT_FRAME_SIZE
    l32i    a2, a3, 4
    s32i    a2, a1, XT_INTERRUPT_FRAME_SIZE + 4
    l32i    a2, a3, 8
    s32i    a2, a1, XT_INTERRUPT_FRAME_SIZE + 8
    l32i    a2, a3, 12
    s32i    a2, a1, XT_INTERRUPT_FRAME_SIZE + 12
    l32i    a2, a1, XT_FRAME_PC
    wsr     a2, epc1
    l32i    a2, a1, XT_FRAME_SAR
    wsr     a2, sar
    l32i    a2, a1, XT_FRAME_LBEG
    wsr     a2, lbeg
    l32i    a2, a1, XT_FRAME_LEND
    wsr     a2, lend
    l32i    a2, a1, XT_FRAME_LCOUNT
    wsr     a2, lcount
    l32i    a2, a1, XT_FRAME_BR
    wsr     a2, br
    l32i    a2, a1, XT_FRAME_SCOMPARE1
    wsr     a2, scompare1
    l32i    a2, a1, XT_FRAME_ACCLO
    wsr     a2, acclo
    l32i    a2, a1, XT_FRAME_ACCHI
    wsr     a2, acchi
#if __XCHAL_HAVE_FP
    l32i    a2, a1, XT_FRAME_FCR
    wur     a2, fcr
    l32i    a2, a1, XT_FRAME_FSR
    wur     a2, fsr
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    lsi     f\n, a1, XT_FRAME_F(\n)
.endr
#endif
    rsync
    l32i    a15, a1, XT_FRAME_A(15)
    l32i    a14, a1, XT_FRAME_A(14)
    l32i    a13, a1, XT_FRAME_A(13)
    l32i    a12, a1, XT_FRAME_A(12)
    l32i    a11, a1, XT_FRAME_A(11)
    l32i    a10, a1, XT_FRAME_A(10)
    l32i    a9, a1, XT_FRAME_A(9)
    l32i    a8, a1, XT_FRAME_A(8)
    l32i    a7, a1, XT_FRAME_A(7)
    l32i    a6, a1, XT_FRAME_A(6)
    l32i    a5, a1, XT_FRAME_A(5)
    l32i    a4, a1, XT_FRAME_A(4)
    l32i    a3, a1, XT_FRAME_A(3)
    l32i    a2, a1, XT_FRAME_A(2)
    l32i    a0, a1, XT_FRAME_A(0)
    l32i    a1, a1, XT_FRAME_A(1)
    rfe

// MOVSP moves the stack pointer of a function whose caller is spilled below it. The caller's window is loaded by the
// underflow handler of its size, as if the function had returned; that handler's RFWU then executes MOVSP once more. It expects the
// caller's window to be the current one, PS.OWB to be the function's, and a0 of the function to have its size in bits 31..30.
    .p2align 2
alloca_exception:
    rsr     a0, windowbase
    rotw    -1                      // the function's a0 is a4
    rsr     a2, ps
    extui   a3, a2, 8, 4
    xor     a3, a3, a4
    slli    a3, a3, 8
    xor     a2, a2, a3              // PS.OWB = windowbase
    wsr     a2, ps
    rsr     a4, excsave1
    rsync
    extui   a3, a4, 30, 2
    beqi    a3, 1, 4f
    rotw    -1                      // the function's a0 is a8
    extui   a3, a8, 30, 2
    beqi    a3, 2, 8f
    rotw    -1
    j       window_underflow12
4:  j       window_underflow4
8:  j       window_underflow8

// What cannot be handled: the registers go to panic_frame, and panic_handler() runs on a stack of its own.
.macro fatal name, kind, epc, eps, excsave
    .p2align 2
\name:
    movi    a0, panic_frame
    s32i    a2, a0, XT_FRAME_A(2)
    rsr     a2, \excsave
    s32i    a2, a0, XT_FRAME_A(0)
    rsr     a2, \epc
    s32i    a2, a0, XT_FRAME_PC
    rsr     a2, \eps
    s32i    a2, a0, XT_FRAME_PS
    movi    a2, \kind
    s32i    a2, a0, XT_FRAME_KIND
    j       panic
.endm

    fatal fatal_exception, XT_KIND_EXCEPTION, epc1, ps, excsave1
    fatal fatal_kernel, XT_KIND_KERNEL, epc1, ps, excsave1
    fatal fatal_double, XT_KIND_DOUBLE, depc, ps, excsave1
    fatal fatal_debug, XT_KIND_DEBUG, epc6, eps6, excsave6
    fatal fatal_interrupt2, XT_KIND_INTERRUPT(2), epc2, eps2, excsave2
    fatal fatal_interrupt3, XT_KIND_INTERRUPT(3), epc3, eps3, excsave3
    fatal fatal_interrupt4, XT_KIND_INTERRUPT(4), epc4, eps4, excsave4
    fatal fatal_interrupt5, XT_KIND_INTERRUPT(5), epc5, eps5, excsave5
    fatal fatal_interrupt7, XT_KIND_INTERRUPT(7), epc7, eps7, excsave7

// The stack's watchpoint often fires in a window handler, which has rotated the windows. The report and the panic
// handler's calls need the state of the function that caused the overflow: go back to its window (PS.OWB) and its PC (EPC1).
    .p2align 2
debug_exception:
    wsr     a2, excsave5
    rsr     a0, epc6
    movi    a2, _vector_table
    sub     a0, a0, a2
    movi    a2, 0x180
    bgeu    a0, a2, 1f
    rsr     a0, excsave6
    rsr     a2, eps6
    extui   a2, a2, 8, 4
    wsr     a2, windowbase
    rsync
    wsr     a0, excsave6
    wsr     a2, excsave5
    rsr     a0, epc1
    wsr     a0, epc6
    rsr     a0, eps6
    addi    a0, a0, -PS_EXCM
    wsr     a0, eps6
1:  rsr     a2, excsave5
    j       fatal_debug

    .p2align 2
panic:
    s32i    a1, a0, XT_FRAME_A(1)
    s32i    a3, a0, XT_FRAME_A(3)
    s32i    a4, a0, XT_FRAME_A(4)
    s32i    a5, a0, XT_FRAME_A(5)
    s32i    a6, a0, XT_FRAME_A(6)
    s32i    a7, a0, XT_FRAME_A(7)
    s32i    a8, a0, XT_FRAME_A(8)
    s32i    a9, a0, XT_FRAME_A(9)
    s32i    a10, a0, XT_FRAME_A(10)
    s32i    a11, a0, XT_FRAME_A(11)
    s32i    a12, a0, XT_FRAME_A(12)
    s32i    a13, a0, XT_FRAME_A(13)
    s32i    a14, a0, XT_FRAME_A(14)
    s32i    a15, a0, XT_FRAME_A(15)
    rsr     a3, sar
    s32i    a3, a0, XT_FRAME_SAR
    rsr     a3, exccause
    s32i    a3, a0, XT_FRAME_EXCCAUSE
    rsr     a3, excvaddr
    s32i    a3, a0, XT_FRAME_EXCVADDR
    rsr     a3, lbeg
    s32i    a3, a0, XT_FRAME_LBEG
    rsr     a3, lend
    s32i    a3, a0, XT_FRAME_LEND
    rsr     a3, lcount
    s32i    a3, a0, XT_FRAME_LCOUNT
    movi    a3, 0
    wsr     a3, lcount
    wsr     a3, dbreakc0
    // After a double exception the stack pointers of older windows may be wild: forget these windows.
    bnei    a2, XT_KIND_DOUBLE, 1f
    rsr     a3, windowbase
    ssl     a3
    movi    a3, 1
    sll     a3, a3
    wsr     a3, windowstart
    rsync
1:  movi    a1, panic_stack_top
    addi    a2, a1, -16             // where the interrupted function's caller will be spilled
    movi    a3, 0
    s32i    a3, a2, 0
    s32i    a3, a2, 4
    movi    a2, PS_WOE | PS_UM | PS_INTLEVEL(5)
    movi    a3, panic_handler
    wsr     a2, ps
    rsync
    // Only now may a4 and above be written: this first access spills the window that they may belong to.
    mov     a6, a0
    movi    a0, 0
    callx4  a3
