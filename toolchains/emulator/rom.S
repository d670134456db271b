// Stands in for the ESP32's ROM when an application runs in stock qemu-system-xtensa: the functions that applications call, at the
// addresses of rom.ld, which are the chip's. Console output and the end of the run go through QEMU's semihosting.
//
// All follow the windowed ABI, as the ROM does.

// Semihosting (target/xtensa/xtensa-semi.c of QEMU): the call's number in a2, arguments in a3 to a5, result in a2.
#define SYS_exit 1
#define SYS_write 4
#define STDOUT 1

// CCOUNT's clock in MHz: QEMU's default for its cores (target/xtensa/core-de233_fpu.c). The chip runs at 80 MHz behind the bootloader.
#define CPU_MHZ 40

.macro function name
    .section .rom.\name, "ax", @progbits
    .p2align 2
    .global \name
    .type \name, @function
\name:
.endm

// int uart_tx_one_char(uint8_t byte)
    function uart_tx_one_char
    entry   a1, 48
    s8i     a2, a1, 0
    movi    a2, SYS_write
    movi    a3, STDOUT
    mov     a4, a1
    movi    a5, 1
    simcall
    movi    a2, 0
    retw

// void uart_tx_flush(uint8_t uart): nothing is queued
    function uart_tx_flush
    entry   a1, 32
    retw

// void software_reset(void): the emulator ends with exit code 0
    function software_reset
    entry   a1, 32
    movi    a2, SYS_exit
    movi    a3, 0
    simcall
1:  j       1b

// void ets_delay_us(uint32_t microseconds)
    function ets_delay_us
    entry   a1, 32
    movi    a4, CPU_MHZ
1:  beqz    a2, 3f
    rsr     a3, ccount
2:  rsr     a5, ccount
    sub     a5, a5, a3
    bltu    a5, a4, 2b
    addi    a2, a2, -1
    j       1b
3:  retw

// uint32_t ets_get_cpu_frequency(void)
    function ets_get_cpu_frequency
    entry   a1, 32
    movi    a2, CPU_MHZ
    retw

// uint32_t rtc_get_reset_reason(int cpu): POWERON_RESET
    function rtc_get_reset_reason
    entry   a1, 32
    movi    a2, 1
    retw

// void gpio_pad_select_gpio(uint32_t gpio_num): pads are not emulated
    function gpio_pad_select_gpio
    entry   a1, 32
    retw
