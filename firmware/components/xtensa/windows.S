// Functions on register windows, and waiting. All follow the windowed ABI.

    .section .iram1.windows, "ax", @progbits

// Enough calls, 12 registers each, to push every other window out of the 64 registers that the ESP32 has. The overflow handlers
// do the work, so it is also right for cores with fewer registers. A frame of 48 bytes has room for the registers of a call12.
    .p2align 2
    .global xt_window_spill
    .type xt_window_spill, @function
xt_window_spill:
    entry   a1, 48
    call12  1f
    retw
    .p2align 2
1:  entry   a1, 48
    call12  2f
    retw
    .p2align 2
2:  entry   a1, 48
    call12  3f
    retw
    .p2align 2
3:  entry   a1, 48
    call12  4f
    retw
    .p2align 2
4:  entry   a1, 16
    mov     a12, a12                // touches the window after this one
    retw
    .size xt_window_spill, . - xt_window_spill

    .p2align 2
    .global esp_backtrace_get_start
    .type esp_backtrace_get_start, @function
esp_backtrace_get_start:
    entry   a1, 48
    call12  xt_window_spill
    s32i    a0, a2, 0
    addi    a5, a1, -16             // the caller's a0 and a1 are there
    l32i    a6, a5, 4
    s32i    a6, a3, 0
    l32i    a6, a5, 0
    s32i    a6, a4, 0
    retw
    .size esp_backtrace_get_start, . - esp_backtrace_get_start

    .p2align 2
    .global esp_cpu_wait_for_intr
    .type esp_cpu_wait_for_intr, @function
esp_cpu_wait_for_intr:
    entry   a1, 16
    waiti   0
    retw
    .size esp_cpu_wait_for_intr, . - esp_cpu_wait_for_intr
