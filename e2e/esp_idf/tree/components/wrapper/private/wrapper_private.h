#pragma once

extern int wrapped_calls;
