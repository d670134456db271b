#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>

#include "abi.h"

namespace {

// Constructors of static objects ran before app_main(), in their order, those with a priority first.
std::string order;

struct Noted {
    explicit Noted(char name) : name(name) { order += name; }
    char name;
};

// `order` itself must be there before these.
Noted a('a');
Noted b('b');

int early_calls;
__attribute__((constructor(200))) void early() { early_calls++; }
__attribute__((constructor)) void late() { early_calls = early_calls == 1 ? 2 : -1; }

struct Shape {
    virtual ~Shape() { order += '~'; }
    virtual int area() const = 0;
    virtual const char *name() const { return "shape"; }
};

struct Named {
    virtual ~Named() = default;
    virtual int length() const { return 1; }
};

struct Square final : Shape, Named {
    explicit Square(int side) : side(side) {}
    int area() const override { return side * side; }
    const char *name() const override { return "square"; }
    int length() const override { return side; }
    int side;
};

struct Line : Shape {
    int area() const override { return 0; }
};

void check_virtual_calls()
{
    order.clear();
    {
        std::vector<std::unique_ptr<Shape>> shapes;
        shapes.push_back(std::make_unique<Square>(7));
        shapes.emplace_back(new Line);
        CHECK(shapes[0]->area() == 49 && shapes[1]->area() == 0);
        CHECK(!std::strcmp(shapes[0]->name(), "square") && !std::strcmp(shapes[1]->name(), "shape"));
        // a thunk, and a cast across
        Named *named = dynamic_cast<Named *>(shapes[0].get());
        CHECK(named && named->length() == 7 && !dynamic_cast<Square *>(shapes[1].get()));
        CHECK(typeid(*shapes[0]) == typeid(Square) && typeid(*shapes[1]) != typeid(Square));
    }
    CHECK(order == "~~");
    int (Square::*member)() const = &Square::length;
    CHECK((Square(5).*member)() == 5);
}

struct Guard {
    ~Guard() { order += 'g'; }
};

[[gnu::noinline]] int throw_from(int depth)
{
    Guard guard;
    if (depth == 0) {
        throw std::out_of_range("at " + std::to_string(order.size()));
    }
    return throw_from(depth - 1) + 1;
}

[[gnu::noinline]] int catch_other()
{
    try {
        return throw_from(3);
    } catch (const std::bad_alloc &) {
        CHECK(false);
    } catch (const std::logic_error &error) {
        order += 'l';
        CHECK(!std::strcmp(error.what(), "at 0"));
        throw;
    }
    return 0;
}

void check_exceptions()
{
    // deeper than there are register windows
    for (int depth : {0, 1, 5, 30}) {
        order.clear();
        bool caught = false;
        try {
            throw_from(depth);
        } catch (const std::exception &error) {
            caught = !std::strcmp(error.what(), "at 0");
        }
        CHECK(caught && order == std::string(static_cast<std::size_t>(depth) + 1, 'g'));
    }
    order.clear();
    int result = 0;
    try {
        catch_other();
    } catch (...) {
        result = 9;
    }
    CHECK(result == 9 && order == "ggggl");
    try {
        throw 12345678901234LL;
    } catch (long long number) {
        CHECK(number == 12345678901234LL);
    }
    try {
        std::vector<int>(3).at(3) = 1;
        CHECK(false);
    } catch (const std::out_of_range &) {
    }
    volatile std::size_t too_much = 0x10000000;
    try {
        char *memory = new char[too_much];
        asm volatile("" : : "r"(memory));
        CHECK(false);
    } catch (const std::bad_alloc &) {
    }
}

struct Static {
    Static() { order += 's'; }
};

[[gnu::noinline]] Static &local_static()
{
    static Static object;
    return object;
}

void check_library()
{
    std::string text = "The quick brown fox";
    text += " jumps over the lazy dog";
    CHECK(text.size() == 43 && text.find("fox") == 16 && text.substr(40) == "dog");
    std::map<std::string, int> lengths;
    for (const char *word : {"one", "three", "fifteen"}) {
        lengths[word] = static_cast<int>(std::strlen(word));
    }
    CHECK(lengths.size() == 3 && lengths.begin()->first == "fifteen" && lengths["three"] == 5);
    CHECK(std::stod("2.5e3") == 2500 && std::to_string(-17) == "-17");
    order.clear();
    CHECK(&local_static() == &local_static() && order == "s");
    std::atomic<std::uint64_t> wide{5};
    CHECK(wide.fetch_add(0x100000000) == 5 && wide == 0x100000005);
    auto add = [n = 5](auto value) { return value + n; };
    CHECK(add(1.5) == 6.5 && add(1) == 6);
}

} // namespace

extern "C" void abi_cxx(void)
{
    CHECK(order == "ab" && a.name == 'a' && early_calls == 2);
    check_virtual_calls();
    check_exceptions();
    check_library();
}
