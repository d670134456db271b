#include "interop.h"

size_t interop_fact(interop_fact_t fact)
{
    static const size_t facts[] = {
        [INTEROP_SIZE] = sizeof(interop_record_t),
        [INTEROP_ALIGNMENT] = _Alignof(interop_record_t),
        [INTEROP_OFFSET_CHOICE] = offsetof(interop_record_t, choice),
        [INTEROP_OFFSET_INNER] = offsetof(interop_record_t, inner),
        [INTEROP_OFFSET_ANY] = offsetof(interop_record_t, any),
        [INTEROP_OFFSET_RATIO] = offsetof(interop_record_t, ratio),
        [INTEROP_OFFSET_NAME] = offsetof(interop_record_t, name),
        [INTEROP_OFFSET_CALLBACK] = offsetof(interop_record_t, callback),
        [INTEROP_OFFSET_TAIL] = offsetof(interop_record_t, tail),
    };
    return facts[fact];
}

static int64_t subtract(void *context, uint32_t index, int64_t value)
{
    (void)context;
    return value - index;
}

void interop_fill(interop_record_t *record)
{
    record->flag = true;
    record->tiny = -7;
    record->small = -30000;
    record->choice = INTEROP_LARGE;
    for (int i = 0; i < 2; i++) {
        record->inner[i].first = (uint8_t)(200 + i);
        record->inner[i].wide = 0x0123456789ABCDEFull + (uint64_t)i;
        record->inner[i].last = (uint16_t)(60000 + i);
    }
    record->any.number = 1.5;
    record->ratio = 0.25f;
    record->name = "Xtensa";
    record->callback = subtract;
    record->letter = L'\u0416';
    record->low = 5;
    record->middle = 1000;
    record->high = 500000;
    for (int i = 0; i < 3; i++) {
        record->tail[i] = (uint8_t)(10 * i);
    }
}

int64_t interop_fold(const interop_record_t *record, void *context, uint32_t count)
{
    int64_t value = 1;
    for (uint32_t index = 0; index < count; index++) {
        value = record->callback(context, index, value);
    }
    return value;
}

int64_t interop_add(int8_t a, int64_t b, uint16_t c, int64_t d, uint32_t e, int64_t f, int32_t g, int64_t h)
{
    return a + b + c + d + e + f + g + h;
}

float interop_multiply(float a, float b)
{
    return a * b;
}

float interop_sum_of_squares(float a, float b)
{
    return interop_square(a) + interop_square(b);
}

uint32_t interop_crc32_of_digits(void)
{
    static const uint8_t digits[] = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};
    return interop_crc32(digits, sizeof digits);
}
