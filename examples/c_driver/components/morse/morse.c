#include "morse.h"

#include <stddef.h>

// ITU-R M.1677-1
static const char *const letters[] = {
    ".-",   "-...", "-.-.", "-..",  ".",   "..-.", "--.",  "....", "..",   ".---", "-.-",  ".-..", "--",
    "-.",   "---",  ".--.", "--.-", ".-.", "...",  "-",    "..-",  "...-", ".--",  "-..-", "-.--", "--..",
};

bool morse_next(morse_t *morse, morse_signal_t *signal)
{
    if (morse->gap) {
        morse->gap = false;
        // between signals of a letter, and between letters
        *signal = (morse_signal_t){.down = false, .units = *morse->signals ? 1 : 3};
        return true;
    }
    if (morse->signals == NULL || *morse->signals == '\0') {
        char letter = *morse->text;
        if (letter == ' ') {
            morse->text++;
            // with the three behind the letter: the seven between words
            *signal = (morse_signal_t){.down = false, .units = 4};
            return true;
        }
        if (letter < 'A' || letter > 'Z') {
            return false;
        }
        morse->text++;
        morse->signals = letters[letter - 'A'];
    }
    *signal = (morse_signal_t){.down = true, .units = *morse->signals++ == '-' ? 3 : 1};
    morse->gap = true;
    return true;
}
