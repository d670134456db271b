#pragma once

int lamp_next(int number);
