// Global constructors, exceptions, run-time types, and threads on both cores.
#include <cstdio>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <typeinfo>
#include <vector>

#include "esp_pthread.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

namespace {

struct Shape {
    virtual ~Shape() = default;
    virtual double area() const = 0;
};

struct Square : Shape {
    explicit Square(double side) : side(side) {}
    double area() const override { return side * side; }
    double side;
};

std::vector<std::string> log_lines{"constructed before app_main"};
std::mutex log_lock;

void note(const std::string &line)
{
    std::lock_guard<std::mutex> guard(log_lock);
    log_lines.push_back(line);
}

int parse(const std::string &text)
{
    if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) {
        throw std::invalid_argument("not a number: " + text);
    }
    return std::stoi(text);
}

}  // namespace

extern "C" void app_main()
{
    try {
        note("parsed " + std::to_string(parse("42")));
        parse("4x2");
        note("no exception");
    } catch (const std::invalid_argument &error) {
        note(std::string("caught ") + error.what());
    }
    const Square square(1.5);
    const Shape &shape = square;
    if (dynamic_cast<const Square *>(&shape) && typeid(shape) == typeid(Square)) {
        note("area " + std::to_string(shape.area()));
    }
    std::vector<std::thread> threads;
    for (int core = 0; core < CONFIG_FREERTOS_NUMBER_OF_CORES; core++) {
        esp_pthread_cfg_t config = esp_pthread_get_default_config();
        config.pin_to_core = core;
        config.stack_size = 4096;
        esp_pthread_set_cfg(&config);
        threads.emplace_back([] { note("thread on core " + std::to_string(xPortGetCoreID())); });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    for (const std::string &line : log_lines) {
        std::printf("cxx: %s\n", line.c_str());
    }
}
