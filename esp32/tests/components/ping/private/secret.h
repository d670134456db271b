#pragma once

#ifndef PING_SECRET
#error "PING_SECRET is a local definition of the component ping"
#endif
