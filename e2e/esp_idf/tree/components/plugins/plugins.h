#pragma once

/** Plug-ins that registered themselves. */
extern int plugin_count;
