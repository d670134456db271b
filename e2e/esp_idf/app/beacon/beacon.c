#include "beacon.h"

#include "sdkconfig.h"

int beacon_period(void)
{
    return CONFIG_BEACON_PERIOD;
}

int beacon_in_iram(void)
{
    unsigned address = (unsigned)beacon_period;
    return address >= 0x40080000 && address < 0x400A0000;
}
