#pragma once

/** How often middle_down() was called. */
int wrapper_calls(void);
