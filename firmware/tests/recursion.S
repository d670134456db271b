// void recursion_without_end(void): calls that store nothing themselves, so that only register windows reach the stack's end.

    .section .text.recursion_without_end, "ax", @progbits
    .p2align 2
    .global recursion_without_end
    .type recursion_without_end, @function
recursion_without_end:
    entry   a1, 48
    call12  recursion_without_end
    retw
