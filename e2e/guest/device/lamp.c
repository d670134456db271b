#include "lamp.h"

int lamp_next(int number) { return number + 1; }
