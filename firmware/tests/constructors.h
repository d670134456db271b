/**
 * @file
 * Functions that run before app_main().
 */
#pragma once

/** Letters of the functions that have run, in their order. */
extern char constructors_order[8];

/** Adds a letter. */
void constructors_note(char letter);
