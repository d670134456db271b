#include <errno.h>
#include <stddef.h>
#include <sys/reent.h>
#include <unistd.h>

/** The memory that the linker script (esp_system/ld/sections.ld) leaves. */
extern char _heap_start[];
extern char _heap_end[];

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
