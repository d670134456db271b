#pragma once

/** Seconds between two lights. */
int beacon_period(void);

/** Whether beacon_period() runs from IRAM, where the fragment puts it. */
int beacon_in_iram(void);
