#include "timer.h"

#include "console.h"
#include "pd.h"
#include "queue.h"

namespace pyext {

namespace {

// Its clock exists on Pd's thread only.
struct Ring {
    t_clock *clock = nullptr;
    Held callback;  // held while the clock is set, so that a timer nobody keeps still rings

    void delay(double ms, Held wanted) {
        if (!clock)
            clock = clock_new(this, reinterpret_cast<t_method>(ring));
        callback = std::move(wanted);
        clock_delay(clock, ms < 0 ? 0 : ms);
    }

    void unset() {
        callback.reset();
        if (clock)
            clock_unset(clock);
    }

    void free() {
        if (clock)
            clock_free(clock);
        clock = nullptr;
    }

    static void ring(Ring *self) {
        PdTurn turn;
        Gil gil;
        const Held callback = std::move(self->callback);
        PyObject *result = PyObject_CallObject(callback.get(), nullptr);
        if (!result)
            report_error(nullptr, "clock");
        Py_XDECREF(result);
    }
};

class Timer {
public:
    Timer() : ring_(std::make_shared<Ring>()) {}
    ~Timer() {
        run_later([ring = ring_] { ring->free(); });
    }

    void delay(double ms, py::object callback) {
        run([ring = ring_, ms, held = hold(callback)] { ring->delay(ms, held); });
    }
    void unset() {
        run([ring = ring_] { ring->unset(); });
    }

private:
    std::shared_ptr<Ring> ring_;
};

}  // namespace

void define_timer(py::module_ &host) {
    py::class_<Timer>(host, "Timer")
        .def(py::init<>())
        .def("delay", &Timer::delay)
        .def("unset", &Timer::unset);
}

}  // namespace pyext
