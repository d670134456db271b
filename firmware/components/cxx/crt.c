// What comes from GCC's crtbegin.o elsewhere.

#include <stdint.h>

/** Says whose destructors are registered: there is one program, and it does not end. */
__attribute__((visibility("hidden"))) void *__dso_handle = 0;

/** The descriptions of stack frames, by which exceptions find their handlers (esp_system/ld/sections.ld). */
extern const char __eh_frame[];

/** Of libgcc, where exceptions have brought its unwinder in; `object` is its own to fill (libgcc/unwind-dw2-fde.h: struct object). */
void __register_frame_info(const void *begin, uintptr_t object[8]) __attribute__((weak));

/** Before all other constructors, which may throw. */
__attribute__((constructor(101))) static void register_eh_frame(void)
{
    static uintptr_t object[8];
    if (__register_frame_info) {
        __register_frame_info(__eh_frame, object);
    }
}
