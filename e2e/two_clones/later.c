// Preloaded into a program, puts its clock forward by LATER seconds. It needs no C library, and so goes with each: programs of
// the Nix store have another one than those of the machine, which libfaketime does not survive.

typedef long seconds_t;
struct timespec { seconds_t tv_sec; long tv_nsec; };
struct timeval { seconds_t tv_sec; long tv_usec; };
enum { CLOCK_GETTIME = 228, CLOCK_REALTIME = 0, CLOCK_REALTIME_COARSE = 5 };

int clock_gettime(int clock, struct timespec *time) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(CLOCK_GETTIME), "D"((long)clock), "S"(time) : "rcx", "r11", "memory");
  if (result != 0) return -1;
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) time->tv_sec += LATER;
  return 0;
}

int gettimeofday(struct timeval *time, void *zone) {
  struct timespec now;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

seconds_t time(seconds_t *result) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}
