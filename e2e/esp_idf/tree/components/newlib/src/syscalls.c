// What newlib asks of an operating system. Files 0, 1 and 2 are the console, which cannot be read, and there are no others.

#include <errno.h>
#include <stdint.h>
#include <sys/reent.h>
#include <sys/stat.h>
#include <sys/times.h>
#include <unistd.h>

#include "esp_rom.h"
#include "esp_system.h"

/** Named by -u, so that the linker takes this object before it meets the C library. */
void newlib_include_syscalls_impl(void)
{
}

static int fail(struct _reent *reent, int error)
{
    reent->_errno = error;
    return -1;
}

static int is_console(int file)
{
    return file >= STDIN_FILENO && file <= STDERR_FILENO;
}

/** Of the one thread that there is. */
struct _reent *__getreent(void)
{
    return _GLOBAL_REENT;
}

_ssize_t _write_r(struct _reent *reent, int file, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    if (!is_console(file)) {
        return fail(reent, EBADF);
    }
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n') {
            uart_tx_one_char('\r');
        }
        uart_tx_one_char(bytes[i]);
    }
    return (_ssize_t)size;
}

_ssize_t _read_r(struct _reent *reent, int file, void *data, size_t size)
{
    (void)data;
    (void)size;
    return is_console(file) ? 0 : fail(reent, EBADF);
}

int _close_r(struct _reent *reent, int file)
{
    return is_console(file) ? 0 : fail(reent, EBADF);
}

int _fstat_r(struct _reent *reent, int file, struct stat *status)
{
    if (!is_console(file)) {
        return fail(reent, EBADF);
    }
    *status = (struct stat){.st_mode = S_IFCHR};
    return 0;
}

int _isatty_r(struct _reent *reent, int file)
{
    return is_console(file) ? 1 : fail(reent, EBADF);
}

_off_t _lseek_r(struct _reent *reent, int file, _off_t offset, int from)
{
    (void)offset;
    (void)from;
    return fail(reent, is_console(file) ? ESPIPE : EBADF);
}

int _open_r(struct _reent *reent, const char *name, int flags, int mode)
{
    (void)name;
    (void)flags;
    (void)mode;
    return fail(reent, ENOENT);
}

int _getpid_r(struct _reent *reent)
{
    (void)reent;
    return 1;
}

int _kill_r(struct _reent *reent, int pid, int signal)
{
    (void)pid;
    (void)signal;
    return fail(reent, ENOSYS);
}

void _exit(int status)
{
    panic((unsigned)status, (unsigned)__builtin_return_address(0));
}
