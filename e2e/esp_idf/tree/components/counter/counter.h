#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/** What the constructor counted. */
int counter_value(void);

#ifdef __cplusplus
}
#endif
