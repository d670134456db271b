"""Writes a C table of square numbers: squares.py SIZE OUTPUT"""

import sys

size, output = int(sys.argv[1]), sys.argv[2]
numbers = ", ".join(str(n * n) for n in range(size))
with open(output, "w") as file:
    file.write(f'#include "squares.h"\n\nconst unsigned squares[{size}] = {{{numbers}}};\n')
