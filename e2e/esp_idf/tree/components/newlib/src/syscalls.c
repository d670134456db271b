// What newlib asks of an operating system. Files 0, 1 and 2 are the console, which cannot be read, and there are no others.

#include <errno.h>
#include <stdint.h>
#include <sys/reent.h>
#include <sys/stat.h>

#include "esp_rom.h"
#include "esp_system.h"

/** Named by -u, so that the linker takes this object before it meets the C library. */
void newlib_include_syscalls_impl(void)
{
}

static int console(struct _reent *reent, int file, int result)
{
    if (file < 0 || file > 2) {
        reent->_errno = EBADF;
        return -1;
    }
    return result;
}

/** Of the one thread that there is. */
struct _reent *__getreent(void)
{
    return _GLOBAL_REENT;
}

_ssize_t _write_r(struct _reent *reent, int file, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; console(reent, file, 1) == 1 && i < size; i++) {
        if (bytes[i] == '\n') {
            uart_tx_one_char('\r');
        }
        uart_tx_one_char(bytes[i]);
    }
    return console(reent, file, (int)size);
}

_ssize_t _read_r(struct _reent *reent, int file, void *data, size_t size)
{
    (void)data;
    (void)size;
    return console(reent, file, 0);
}

int _close_r(struct _reent *reent, int file)
{
    return console(reent, file, 0);
}

int _fstat_r(struct _reent *reent, int file, struct stat *status)
{
    *status = (struct stat){.st_mode = S_IFCHR};
    return console(reent, file, 0);
}

int _isatty_r(struct _reent *reent, int file)
{
    return console(reent, file, 1);
}

_off_t _lseek_r(struct _reent *reent, int file, _off_t offset, int from)
{
    (void)offset;
    (void)from;
    reent->_errno = ESPIPE;
    return console(reent, file, -1);
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
    reent->_errno = ENOSYS;
    return -1;
}

void _exit(int status)
{
    panic((unsigned)status, (unsigned)__builtin_return_address(0));
}
