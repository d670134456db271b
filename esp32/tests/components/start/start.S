// The least that an image is made of: an entry in IRAM, code and constants in flash, a descriptor.

    .section .iram1, "ax", @progbits
    .p2align 2
.Lapp_main:
    .long   app_main
    .global _start
    .type _start, @function
_start:
    l32r    a2, .Lapp_main
    callx4  a2
1:  j       1b
    .size _start, . - _start

    .section .rodata_desc, "a", @progbits
    .p2align 2
    .long   0xABCD5432
    .fill   63, 4, 0
