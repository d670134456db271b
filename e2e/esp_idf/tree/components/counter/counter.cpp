#include "counter.h"

#include <vector>

namespace {

class Counter {
public:
    Counter() : steps_{1, 2, 4} {}

    int sum() const
    {
        int result = 0;
        for (int step : steps_) {
            result += step;
        }
        return result;
    }

private:
    std::vector<int> steps_;
};

const Counter counter;

}  // namespace

int counter_value(void)
{
    return counter.sum();
}
