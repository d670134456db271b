#include "pong.h"

#include "ping.h"

base_t pong(base_t count)
{
    return count == 0 ? PING_VERSION : ping(count - 1);
}
