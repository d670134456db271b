    .section .rodata
    .incbin "/etc/passwd"
