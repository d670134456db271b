// Starts a program of the folder that it is in, or of one above, with the loader and the libraries of that folder: no path of
// the machine, and no C library, is needed. Compiled once for each program (portable.sh), for Linux on x86-64, with
//
//   PROGRAM  the program's name in lib/programs
//   SCRIPT   its name there if it is a script: lib/programs/busybox runs it

typedef unsigned long word;
enum { READLINK = 89, ACCESS = 21, EXECVE = 59, WRITE = 1, EXIT = 60, AT_EXECFN = 31, X_OK = 1, SIZE = 8192, ABOVE = 8 };

static long call(long number, word a, word b, word c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

static word length(const char *s) {
  word n = 0;
  while (s[n]) n++;
  return n;
}

// Appends to the string at the end of which `end` is; returns its new end. What does not fit ends the program.
static char *append(char *end, const char *limit, const char *s) {
  while (*s) {
    if (end + 1 >= limit) call(EXIT, 127, 0, 0);
    *end++ = *s++;
  }
  *end = 0;
  return end;
}

static char folder[SIZE], path[SIZE], program[SIZE];

// Is `folder`, which ends at `end`, or one above it, one that has the program? Leaves that one in `folder`.
static int find(char *end) {
  for (int above = 0; above < ABOVE; above++) {
    char *p = append(path, path + SIZE, folder);
    append(p, path + SIZE, "/lib/programs/" PROGRAM);
    if (call(ACCESS, (word)path, X_OK, 0) == 0) return 1;
    end = append(end, folder + SIZE, "/..");
  }
  return 0;
}

// Cuts the last component off.
static char *folder_of(void) {
  char *end = folder + length(folder);
  while (end > folder && *end != '/') end--;
  if (end == folder && *end != '/') *end++ = '.';
  *end = 0;
  return end;
}

static void in_folder(char *to, const char *name) { append(append(to, to + SIZE, folder), to + SIZE, name); }

__attribute__((used)) static void start(word *stack) {
  word argc = stack[0];
  char **argv = (char **)(stack + 1), **envp = argv + argc + 1;
  word envc = 0;
  while (envp[envc]) envc++;
  const char *name = argv[0];
  for (word *aux = (word *)(envp + envc + 1); aux[0]; aux += 2)
    if (aux[0] == AT_EXECFN) name = (const char *)aux[1];

  append(folder, folder + SIZE, name);
  if (!find(folder_of())) {
    long n = call(READLINK, (word) "/proc/self/exe", (word)folder, SIZE - 1);
    folder[n > 0 ? n : 0] = 0;
    if (!find(folder_of())) {
      static const char message[] = PROGRAM ": there is no lib/programs/" PROGRAM " in the folder of this program or above\n";
      call(WRITE, 2, (word)message, sizeof message - 1);
      call(EXIT, 127, 0, 0);
    }
  }

  char *new_argv[argc + 8];
  word n = 0;
#ifdef SCRIPT
  in_folder(path, "/lib/programs/busybox");
  in_folder(program, "/lib/programs/" SCRIPT);
  new_argv[n++] = "ash";
#else
  static char library_path[SIZE];
  in_folder(path, "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2");
  in_folder(library_path, "/lib/x86_64-linux-gnu");
  in_folder(program, "/lib/programs/" PROGRAM);
  new_argv[n++] = path;
  new_argv[n++] = "--library-path";
  new_argv[n++] = library_path;
  new_argv[n++] = "--argv0";
  new_argv[n++] = argv[0];
#endif
  new_argv[n++] = program;
  for (word i = 1; i <= argc; i++) new_argv[n++] = argv[i]; // and the null at the end
  call(EXECVE, (word)path, (word)new_argv, (word)envp);
  static const char message[] = PROGRAM ": its loader does not start\n";
  call(WRITE, 2, (word)message, sizeof message - 1);
  call(EXIT, 127, 0, 0);
}

__asm__(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call start\n hlt\n");
