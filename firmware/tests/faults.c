#include "faults.h"

void fault_illegal_instruction(void)
{
    __asm__ volatile("ill");
}

uint32_t fault_load(uint32_t address)
{
    return *(volatile uint32_t *)address;
}

uint32_t fault_divide_by_zero(uint32_t dividend)
{
    uint32_t quotient;
    __asm__ volatile("quou %0, %1, %2" : "=r"(quotient) : "r"(dividend), "r"(0));
    return quotient;
}
