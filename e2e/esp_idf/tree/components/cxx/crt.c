/** Says whose destructors are registered: there is one program, and it does not end. */
__attribute__((visibility("hidden"))) void *__dso_handle = 0;
