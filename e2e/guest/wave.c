#include "wave.h"

int main(void) { return wave(0); }

int wave(int times) { return times; }
