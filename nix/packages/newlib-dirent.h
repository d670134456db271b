/* Directories as ESP-IDF's virtual file system has them.  */
#ifndef _SYS_DIRENT_H
#define _SYS_DIRENT_H

#include <sys/types.h>

/* The head of what a file system keeps for an open directory.  */
typedef struct {
  unsigned short dd_vfs_idx;	/* which file system */
  unsigned short dd_rsv;
} DIR;

struct dirent {
  ino_t d_ino;
  unsigned char d_type;
#define DT_UNKNOWN 0
#define DT_REG 1
#define DT_DIR 2
  char d_name[256];
};
#if __BSD_VISIBLE
#define MAXNAMLEN 255
#endif

#endif
