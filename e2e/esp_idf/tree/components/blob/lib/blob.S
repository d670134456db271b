// int blob_answer(int value): 40 more than fast_double(value)
    .section .text.blob_answer, "ax", @progbits
    .literal_position
    .p2align 2
    .global blob_answer
    .type blob_answer, @function
blob_answer:
    entry   a1, 32
    mov     a10, a2
    movi    a8, fast_double
    callx8  a8
    addi    a2, a10, 40
    retw
    .size blob_answer, . - blob_answer
