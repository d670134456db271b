// void fault_wild_stack_pointer(void)

    .section .literal.fault_wild_stack_pointer, "ax", @progbits
    .p2align 2
.Lnowhere:
    .long   0x60000000

    .section .text.fault_wild_stack_pointer, "ax", @progbits
    .p2align 2
    .global fault_wild_stack_pointer
    .type fault_wild_stack_pointer, @function
fault_wild_stack_pointer:
    entry   a1, 32
    l32r    a1, .Lnowhere
    call4   1f
    retw
    .p2align 2
1:  entry   a1, 32
    call4   1b                      // until the windows are full
    retw

    .section .note.GNU-stack, "", @progbits
