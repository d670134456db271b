#include <errno.h>
#include <stddef.h>
#include <sys/reent.h>

/** The memory that the linker script leaves. */
extern char _heap_start[], _heap_end[];

void *_sbrk_r(struct _reent *reent, ptrdiff_t increment)
{
    static char *end = _heap_start;
    char *start = end;
    if (increment > _heap_end - end || increment < _heap_start - end) {
        reent->_errno = ENOMEM;
        return (void *)-1;
    }
    end += increment;
    return start;
}
