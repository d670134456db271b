#pragma once

#ifdef __cplusplus
extern "C"
#endif
int wave(int times);
