// See floats.h.

#define FIRST 0x40490fdb                // f0; each of the others is one more
#define FCR 1                           // round towards zero
#define FSR 0xf80                       // all flags
#define BR 0xa5c3
#define SCOMPARE1 0x12345678
#define ACCLO 0x9abcdef0
#define ACCHI 0x5a

    .section .text.floats_changed, "ax", @progbits
    .p2align 2
    .global floats_changed
    .type floats_changed, @function
floats_changed:
    entry   a1, 32
    mov     a7, a2
    movi    a3, FIRST
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    wfr     f\n, a3
    addi    a3, a3, 1
.endr
    movi    a3, FCR
    wur     a3, fcr
    movi    a3, FSR
    wur     a3, fsr
    movi    a3, BR
    wsr     a3, br
    movi    a3, SCOMPARE1
    wsr     a3, scompare1
    movi    a3, ACCLO
    wsr     a3, acclo
    movi    a3, ACCHI
    wsr     a3, acchi
    l32i    a4, a7, 0
1:  l32i    a5, a7, 0
    beq     a5, a4, 1b

    // a2 collects the bits, of which a6 is the next
    movi    a2, 0
    movi    a6, 1
.macro compare
    beq     a4, a3, 2f
    or      a2, a2, a6
2:  slli    a6, a6, 1
.endm
    movi    a3, FIRST
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    rfr     a4, f\n
    compare
    addi    a3, a3, 1
.endr
    movi    a3, FCR
    rur     a4, fcr
    compare
    movi    a3, FSR
    rur     a4, fsr
    compare
    movi    a3, BR
    rsr     a4, br
    compare
    movi    a3, SCOMPARE1
    rsr     a4, scompare1
    compare
    movi    a3, ACCLO
    rsr     a4, acclo
    compare
    movi    a3, ACCHI
    rsr     a4, acchi
    compare
    movi    a3, 0                       // as others expect it
    wur     a3, fcr
    wur     a3, fsr
    retw
    .size floats_changed, . - floats_changed

    .section .text.floats_spoil, "ax", @progbits
    .p2align 2
    .global floats_spoil
    .type floats_spoil, @function
floats_spoil:
    entry   a1, 32
    movi    a3, -1
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    wfr     f\n, a3
.endr
    wsr     a3, br
    wsr     a3, scompare1
    wsr     a3, acclo
    wsr     a3, acchi
    movi    a3, 2
    wur     a3, fcr
    movi    a3, 0
    wur     a3, fsr
    retw
    .size floats_spoil, . - floats_spoil
