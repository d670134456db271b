// void fault_wild_stack_pointer(void)

    .section .text.fault_wild_stack_pointer, "ax", @progbits
    .p2align 2
    .global fault_wild_stack_pointer
    .type fault_wild_stack_pointer, @function
fault_wild_stack_pointer:
    entry   a1, 32
    movi    a1, 0x60000000
    call4   1f
    retw
    .p2align 2
1:  entry   a1, 32
    call4   1b                      // until the windows are full
    retw
