#include "constructors.h"

char constructors_order[8];

void constructors_note(char letter)
{
    static int count;
    constructors_order[count++] = letter;
}

/** Without a priority: the last. */
__attribute__((constructor)) static void last(void)
{
    constructors_note('4');
}

__attribute__((constructor(300))) static void third(void)
{
    constructors_note('3');
}

__attribute__((constructor(101))) static void first(void)
{
    constructors_note('1');
}
