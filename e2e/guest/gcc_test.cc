#include "wave.h"

// Fails where clang compiles what is GCC's to compile.
int main() {
#ifdef __clang__
  return wave(1);
#else
  return wave(0);
#endif
}
