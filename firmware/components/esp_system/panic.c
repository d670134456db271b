#include "esp_private/panic.h"

#include <stdbool.h>
#include <stdint.h>

#include "esp_app_desc.h"
#include "esp_private/startup_internal.h"
#include "esp_rom.h"
#include "soc/soc.h"
#include "xtensa_api.h"
#include "xtensa_context.h"

/** Most functions that a backtrace names. */
#define BACKTRACE_DEPTH 100

/** DEBUGCAUSE: a data breakpoint (Xtensa ISA Reference Manual, "Debug Option"). */
#define DEBUGCAUSE_DBREAK (1u << 2)

/** Names of EXCCAUSE (Xtensa ISA Reference Manual, table "Exception Causes") as ESP-IDF prints them. */
static const char *const exception_names[] = {
    [0] = "IllegalInstruction",
    [1] = "Syscall",
    [2] = "InstructionFetchError",
    [3] = "LoadStoreError",
    [4] = "Level1Interrupt",
    [5] = "Alloca",
    [6] = "IntegerDivideByZero",
    [7] = "PCValue",
    [8] = "Privileged",
    [9] = "LoadStoreAlignment",
    [12] = "InstrPDAddrError",
    [13] = "LoadStorePIFDataError",
    [14] = "InstrPIFAddrError",
    [15] = "LoadStorePIFAddrError",
    [16] = "InstTLBMiss",
    [17] = "InstTLBMultiHit",
    [18] = "InstFetchPrivilege",
    [20] = "InstrFetchProhibited",
    [24] = "LoadStoreTLBMiss",
    [25] = "LoadStoreTLBMultihit",
    [26] = "LoadStorePrivilege",
    [28] = "LoadProhibited",
    [29] = "StoreProhibited",
    [32] = "Cp0Dis",
    [33] = "Cp1Dis",
    [34] = "Cp2Dis",
    [35] = "Cp3Dis",
    [36] = "Cp4Dis",
    [37] = "Cp5Dis",
    [38] = "Cp6Dis",
    [39] = "Cp7Dis",
};

/** Names of xt_frame_t's words, up to lcount. */
static const char register_names[24][9] = {
    "PC      ", "PS      ", "A0      ", "A1      ", "A2      ", "A3      ", "A4      ", "A5      ",
    "A6      ", "A7      ", "A8      ", "A9      ", "A10     ", "A11     ", "A12     ", "A13     ",
    "A14     ", "A15     ", "SAR     ", "EXCCAUSE", "EXCVADDR", "LBEG    ", "LEND    ", "LCOUNT  ",
};

/** Registers at a fatal exception: vectors.S stores them. */
xt_frame_t panic_frame;

static bool in_panic;

void panic_print(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n') {
            uart_tx_one_char('\r');
        }
        uart_tx_one_char((uint8_t)text[i]);
    }
}

static void print(const char *text)
{
    panic_print(text, __builtin_strlen(text));
}

static void print_hex(uint32_t value)
{
    for (int shift = 28; shift >= 0; shift -= 4) {
        uart_tx_one_char((uint8_t)"0123456789abcdef"[value >> shift & 0xF]);
    }
}

static void restart(void) __attribute__((noreturn));
static void restart(void)
{
    print("\nRebooting...\n");
    esp_reset_reason_set_hint(ESP_RST_PANIC);
    esp_restart();
}

void panic_begin(const char *reason)
{
    if (in_panic) {
        print("\nPanic handler entered multiple times. Abort panic handling. Rebooting ...\n");
        esp_reset_reason_set_hint(ESP_RST_PANIC);
        esp_restart();
    }
    in_panic = true;
    print("\nGuru Meditation Error: Core  0 panic'ed (");
    print(reason);
    print("). ");
}

/** The address of the call, from a return address: bits 31..30 of which hold the call's size. */
static uint32_t call_address(uint32_t pc)
{
    return (pc & 0x80000000u ? (pc & 0x3FFFFFFFu) | 0x40000000u : pc) - 3;
}

static bool is_code(uint32_t address)
{
    return (address >= SOC_IROM_MASK_LOW && address < SOC_IROM_MASK_HIGH) ||
           (address >= SOC_IRAM_LOW && address < SOC_IRAM_HIGH) || (address >= SOC_IROM_LOW && address < SOC_IROM_HIGH);
}

static bool is_stack(uint32_t address)
{
    return address >= SOC_DRAM_LOW && address < SOC_DRAM_HIGH && address % 16 == 0;
}

static void print_entry(uint32_t pc, uint32_t sp)
{
    print(" 0x");
    print_hex(pc);
    print(":0x");
    print_hex(sp);
}

/** Prints ESP-IDF's backtrace line. `pc` is where the innermost function stands; `next_pc` is its return address. */
static void print_backtrace(uint32_t pc, uint32_t sp, uint32_t next_pc)
{
    print("\n\nBacktrace:");
    print_entry(pc, sp);
    bool sane = is_stack(sp) && is_code(pc);
    int depth = 1;
    while (sane && next_pc != 0 && depth < BACKTRACE_DEPTH) {
        // The caller's a0 and a1 lie in the 16 bytes below the stack pointer.
        const uint32_t *saved = (const uint32_t *)(sp - 16);
        pc = call_address(next_pc);
        next_pc = saved[0];
        sp = saved[1];
        sane = is_stack(sp) && is_code(pc);
        print_entry(pc, sp);
        depth++;
    }
    if (!sane) {
        print(" |<-CORRUPTED");
    } else if (next_pc != 0) {
        print(" |<-CONTINUES");
    }
    char sha256[10];
    esp_app_get_elf_sha256(sha256, sizeof sha256);
    print("\n\nELF file SHA256: ");
    print(sha256);
    print("\n");
}

void panic_end(void)
{
    uint32_t pc, sp, next_pc;
    esp_backtrace_get_start(&pc, &sp, &next_pc);
    print_backtrace(call_address(pc), sp, next_pc);
    restart();
}

/** Prints the backtrace of an interrupted program. Its innermost caller's a0 to a3 are at `caller`, or where they belong if NULL. */
static void print_backtrace_of(const xt_frame_t *frame, const uint32_t *caller)
{
    uint32_t sp = frame->a[1];
    if (sp < (uint32_t)_stack_guard + 64) {
        print("\n***ERROR*** A stack overflow in task main has been detected.\n");
    }
    if (caller && is_stack(sp)) {
        __builtin_memcpy((void *)(sp - 16), caller, 16);
    }
    print_backtrace(frame->pc, sp, frame->a[0]);
}

void panic_check_stack(const xt_frame_t *frame)
{
    if (frame->a[1] < (uint32_t)_stack_guard) {
        xt_window_spill();
        panic_begin("Stack overflow");
        print_backtrace_of(frame, (const uint32_t *)frame - 4);
        restart();
    }
}

static const char *reason_of(const xt_frame_t *frame)
{
    switch (frame->kind) {
    case XT_KIND_EXCEPTION: {
        uint32_t count = sizeof exception_names / sizeof exception_names[0];
        const char *name = frame->exccause < count ? exception_names[frame->exccause] : 0;
        return name ? name : "Unknown";
    }
    case XT_KIND_DEBUG:
        return "Unhandled debug exception";
    case XT_KIND_DOUBLE:
        return "Double exception";
    case XT_KIND_KERNEL:
        return "Unhandled kernel exception";
    default:
        return "Unhandled interrupt";
    }
}

static void print_registers(const xt_frame_t *frame)
{
    const uint32_t *words = (const uint32_t *)frame;
    print("Core  0 register dump:");
    for (int i = 0; i < 24; i++) {
        print(i % 4 == 0 ? "\n" : "  ");
        print(register_names[i]);
        print(": 0x");
        print_hex(words[i]);
    }
    print("\n");
}

/** Called by vectors.S with panic_frame, on the panic stack, with interrupts masked. */
void panic_handler(xt_frame_t *frame)
{
    panic_begin(reason_of(frame));
    if (frame->kind == XT_KIND_EXCEPTION) {
        print("Exception was unhandled.");
    }
    print("\n");
    if (frame->kind == XT_KIND_DEBUG) {
        uint32_t cause;
        __asm__ volatile("rsr %0, debugcause" : "=r"(cause));
        if (cause & DEBUGCAUSE_DBREAK) {
            print("Debug exception reason: Stack canary watchpoint triggered (main) \n");
        }
    }
    print_registers(frame);

    // vectors.S has put zeros where that caller goes if its registers were still in the CPU.
    const uint32_t *caller = (const uint32_t *)((uint32_t)panic_stack_top - 16);
    xt_window_spill();
    print_backtrace_of(frame, caller[1] != 0 ? caller : NULL);
    restart();
}
