/* The limits of the compiler and those of the C library: GCC's own file here is that of a compiler without a library, and leaves the second
   out. */
#pragma once
#include_next <limits.h>
#include <sys/syslimits.h>
