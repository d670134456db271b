// Fails where clang compiles what is GCC's to compile.
int main() {
#ifdef __clang__
  return 1;
#else
  return 0;
#endif
}
