/* For libnosys: what newlib calls and its stubs lack.  */
#include <errno.h>
#include <reent.h>
#include <sys/stat.h>

/* Of a program with one thread.  */
struct _reent *__getreent (void) { return _impure_ptr; }

static int fails (void)
{
  errno = ENOSYS;
  return -1;
}

int _fcntl (int fd, int command, int argument) { return fails (); }
int _mkdir (const char *path, mode_t mode) { return fails (); }
int _rename (const char *old, const char *new) { return fails (); }
