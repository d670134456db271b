#pragma once

/** Whom to greet. */
const char *greeter_name(void);
