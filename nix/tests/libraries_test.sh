# The C and C++ libraries of the chip: what is in them, what their headers promise, and what they ask of a system.
. "$(dirname "$0")/lib.sh"

for attribute in newlib-headers-xtensa newlib-xtensa libgcc-xtensa libstdcxx-xtensa; do
  out=$(nix-build "$nix" -A $attribute --no-out-link) || { not_ok "$attribute: builds"; continue; }
  same "$attribute: refers to nothing in the store" "$(nix-store --query --references "$out")" ""
  grep -rlF -e /build/ -e "$(dirname "$out")/" "$out" >"$t/out"
  if [ -s "$t/out" ]; then not_ok "$attribute: no paths of where it was built"; else ok "$attribute: no paths of where it was built"; fi
done

bin=$(nix-build "$nix" -A xtensa-esp32-elf --no-out-link)/bin/xtensa-esp32-elf
out=$(nix-build "$nix" -A newlib-headers-xtensa --no-out-link)
same "newlib-headers-xtensa: newlib-xtensa's" "$(diff -r "$out/include" "$(nix-build "$nix" -A newlib-xtensa --no-out-link)/include" 2>&1)" ""

# ESP-IDF's view (components/newlib, pthread, vfs of 5.5), with no flags but the language's. 240 and 104 are the sizes in the chip's ROM.
cat >"$t/headers.c" <<'C'
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/lock.h>
#include <sys/reent.h>
#include <sys/signal.h>
#include <time.h>
#if !defined(__DYNAMIC_REENT__) || !defined(_RETARGETABLE_LOCKING) || !defined(_REENT_SMALL)
#error "reentrancy"
#endif
#if !_POSIX_THREADS || !_POSIX_TIMEOUTS || !_POSIX_TIMERS || !_POSIX_PRIORITY_SCHEDULING || !_UNIX98_THREAD_MUTEX_ATTRIBUTES
#error "POSIX"
#endif
#if !_POSIX_MONOTONIC_CLOCK || !_POSIX_READER_WRITER_LOCKS || !defined(ATOMIC_INT_LOCK_FREE) || defined(sigfillset)
#error "POSIX clocks, locks, atomics or signals"
#endif
_Static_assert(sizeof(struct _reent) == 240 && offsetof(struct _reent, _misc) == 232 && offsetof(struct _reent, _r48) == 56, "_reent");
_Static_assert(sizeof(FILE) == 104 && BUFSIZ == 128, "FILE");
_Static_assert(sizeof(time_t) == 8, "time_t");
void *members(struct _reent *r) { return r->_reserved_0 ? r->_localtime_buf : (void *)r->_asctime_buf; }
int raised(struct _reent *r) { return _raise_r(r, SIGABRT); }
pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
int index_of(DIR *d) { return d->dd_vfs_idx + sched_yield() + DT_DIR; }
C
expect "headers: C" 0 '^$' "$bin-gcc" -std=gnu17 -Wall -Wextra -Werror -c "$t/headers.c" -o "$t/headers.o"
cat >"$t/headers.cc" <<'C'
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <shared_mutex>
#include <thread>
#if !_GLIBCXX_HAS_GTHREADS || !_GLIBCXX_USE_CLOCK_MONOTONIC || _GLIBCXX_USE_PTHREAD_COND_CLOCKWAIT || _GLIBCXX_HAVE_DIRFD
#error "configuration"
#endif
std::shared_mutex lock;
bool wait(std::condition_variable &c, std::unique_lock<std::mutex> &l) { return c.wait_for(l, std::chrono::seconds(1)) == std::cv_status::timeout; }
C
expect "headers: C++" 0 '^$' "$bin-g++" -std=gnu++23 -Wall -Wextra -Werror -c "$t/headers.cc" -o "$t/headers-cc.o"

# What a program has to bring along, as the linker sees it. Exceptions need no symbol of a system: libgcc has the unwinder.
asks() { # flags; the program on stdin
  rm -f "$t/program"
  "$bin-g++" -mlongcalls -nostartfiles -Wl,-e,main -x c++ - -x none "$@" -o "$t/program" 2>&1 |
    sed -n "s/.*undefined reference to .\([^']*\)'.*/\1/p" | sort -u | tr '\n' ' '
  [ ! -e "$t/program" ] || echo nothing
}
same "newlib asks: printf, strtod, malloc, setjmp" "$(asks <<'C'
#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
jmp_buf j;
int main(int, char **v) { free(malloc(setjmp(j))); return printf("%f", std::pow(strtod(v[0], nullptr), 0.5)); }
C
)" "__getreent _close _exit _fstat _getpid _kill _lseek _read _sbrk _write "
same "libstdc++ asks: exceptions, std::string" "$(asks <<'C'
#include <stdexcept>
#include <string>
int main(int n, char **v) { try { if (n) throw std::runtime_error(std::string(v[0]) + "!"); } catch (const std::exception &e) { return e.what()[0]; } return 0; }
C
)" "__getreent _exit _getentropy _getpid _kill _read _sbrk "
same "libnosys: all of that" "$(asks -Wl,--start-group,-lstdc++,-lc,-lnosys,--end-group,--defsym,end=0 <<'C'
#include <iostream>
int main() { std::cout << "hello" << std::endl; return std::cin.get(); }
C
)" nothing
