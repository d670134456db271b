# Sourced by the builders of newlib: unpacks it, makes it what ESP-IDF expects of its C library, and configures it in the
# folder "build" beside its own, where it goes. $CC and its kin are for core $core.
dpkg-deb -x $source deb
tar xJf deb/usr/src/newlib/newlib-*.tar.xz
cd newlib-*

# The macros that libraries and users have to agree on are in the headers, not in everybody's flags.
#   __DYNAMIC_REENT__  FreeRTOS' tasks have a struct _reent each, which __getreent() returns
#   __BUFSIZ__         stdio's buffers come out of 300 KB of heap
sed -i '/^[/][*] This block should be kept in sync with GCC.s limits.h/i\
#ifndef __DYNAMIC_REENT__\
#define __DYNAMIC_REENT__\
#endif\
#define __BUFSIZ__ 128\
' newlib/libc/include/sys/config.h
# What ESP-IDF's pthread component has; pthread.h, sched.h, time.h and libstdc++'s threads are empty without them.
sed -i '/^#endif [/][*] __CYGWIN__ [*][/]/a\
\
#define _POSIX_THREADS 1\
#define _POSIX_TIMEOUTS 1\
#define _POSIX_TIMERS 1\
#define _POSIX_MONOTONIC_CLOCK 200112L\
#define _POSIX_CLOCK_SELECTION 200112L\
#define _POSIX_PRIORITY_SCHEDULING 1\
#define _UNIX98_THREAD_MUTEX_ATTRIBUTES 1\
#ifndef _POSIX_READER_WRITER_LOCKS /* ESP-IDF has it as a flag, too.  */\
#define _POSIX_READER_WRITER_LOCKS 200112L\
#endif' newlib/libc/include/sys/features.h
# ESP-IDF calls _raise_r, and defines sigfillset, with nothing but sys/signal.h.
sed -i '/^#define sigfillset(/d; /^int _kill (pid_t, int);/{n; a\
struct _reent;\
int _raise_r (struct _reent *, int);
}' newlib/libc/include/sys/signal.h
# FreeRTOS' tasks cannot be cancelled: no need of pthreads for printf.
sed -i '/^    && !defined (__rtems__)$/s/$/ \&\& !defined (__XTENSA__)/' newlib/libc/stdio/local.h
# setjmp has the register windows stored by an exception that only some systems handle; libgcc's function needs none. It is called with
# a frame of 48 bytes for 16, so what lies at the old stack pointer is 32 bytes further.
sed -i '/^setjmp:/,/[.]size	setjmp/{
  s/entry	sp, 16/entry	sp, 48/
  /movi	a2, SYS_nop/d
  s/syscall/call8	__xtensa_libgcc_window_spill/
  s/l32i	a7, a1, 4$/l32i	a7, a1, 36/
  s/l32i	\(a[34]\), a1, 0$/l32i	\1, a1, 32/
  s/l32i	\(a[34]\), a1, 4$/l32i	\1, a1, 36/
  s/l32i	\(a[34]\), a1, 8$/l32i	\1, a1, 40/
  s/l32i	\(a[34]\), a1, 12$/l32i	\1, a1, 44/
}' newlib/libc/machine/xtensa/setjmp.S
# Directories are ESP-IDF's VFS': newlib has only an #error for sys/dirent.h.
cp $dirent newlib/libc/include/sys/dirent.h
# GCC's own is the one that goes with its atomics.
rm newlib/libc/include/stdatomic.h
# ftw.c and its like, over ESP-IDF's opendir
sed -i 's/^	machine_dir=xtensa$/&\
	posix_dir=posix/' newlib/configure.host

# What ESP-IDF has of its own, or has not at all.
provided="-DGETREENT_PROVIDED -DSIGNAL_PROVIDED -DHAVE_OPENDIR -DHAVE_RENAME -DHAVE_FCNTL -DHAVE_BLKSIZE"
for function in EXECVE GETLOGIN GETPASS GETPWENT GETUT GLOB POPEN POSIX_SPAWN SIGSET WORDEXP; do
  provided="$provided -D_NO_$function"
done

# reent-small and reent-binary-compat: the members of struct _reent that ESP-IDF and the chip's ROM know.
# No wide-orient: FILE stays as small as the ROM's. time_t has 64 bits.
#
# What configure finds out wrong: busybox's mkdir is as good as GNU's, and the header with the core's features is not where it looks.
case $(echo __XCHAL_HAVE_FP_SQRT | $CC -E -P -x c -) in 1) have_fp_sqrt=yes ;; *) have_fp_sqrt=no ;; esac
includes="-isystem targ-include -isystem ../newlib/libc/include"
export CONFIG_SHELL=$tools/ash ac_cv_path_mkdir=$tools/mkdir newlib_cv_xchal_have_fp_sqrt=$have_fp_sqrt
mkdir build
cd build
ash ../newlib/configure --build=x86_64-linux-gnu --host=xtensa-esp32-elf --disable-multilib --disable-dependency-tracking \
  --enable-newlib-atexit-dynamic-alloc \
  --enable-newlib-iconv \
  --enable-newlib-io-c99-formats \
  --enable-newlib-io-long-long \
  --enable-newlib-io-pos-args \
  --enable-newlib-nano-malloc \
  --enable-newlib-reent-binary-compat \
  --enable-newlib-reent-check-verify \
  --enable-newlib-reent-small \
  --enable-newlib-retargetable-locking \
  --disable-newlib-wide-orient \
  CFLAGS="$cflags $includes $provided" CCASFLAGS="$cflags $includes"
