#pragma once

#include <stdio.h>

/** The control sequences around a line of a level, 'E', 'W' or 'I'. */
const char *log_color(char level);
const char *log_color_end(void);

/** Whether lines of a level are printed. */
int log_enabled(int level);

#define LOG_LINE(number, letter, tag, format, ...) \
    do { \
        if (log_enabled(number)) { \
            printf("%s%c %s: " format "%s\n", log_color(letter), letter, tag, ##__VA_ARGS__, log_color_end()); \
        } \
    } while (0)

#define ESP_LOGE(tag, format, ...) LOG_LINE(1, 'E', tag, format, ##__VA_ARGS__)
#define ESP_LOGI(tag, format, ...) LOG_LINE(3, 'I', tag, format, ##__VA_ARGS__)
