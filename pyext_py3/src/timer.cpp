// Timers for `pyext.Clock` (see timer.h).

#include "timer.h"

#include "console.h"
#include "pd.h"
#include "queue.h"

namespace pyext {

namespace {

// The part that is used on Pd's thread only.
struct ClockState {
    t_clock *clock = nullptr;
    SharedObject callback;  // while the clock is set, so that a timer fires even if the script has dropped it

    void delay(double ms, SharedObject function) {
        if (!clock)
            clock = clock_new(this, reinterpret_cast<t_method>(fire));
        callback = std::move(function);
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

    static void fire(ClockState *self) {
        CalledFromPd mark;
        Gil gil;
        const SharedObject called = std::move(self->callback);
        PyObject *result = PyObject_CallObject(called.get(), nullptr);
        if (!result)
            report_error(nullptr, "clock");
        Py_XDECREF(result);
    }
};

class Timer {
public:
    Timer() : state_(std::make_shared<ClockState>()) {}
    ~Timer() {
        run_later([state = state_] { state->free(); });
    }

    void delay(double ms, py::object callback) {
        run([state = state_, ms, shared = share(callback)] { state->delay(ms, shared); });
    }
    void unset() {
        run([state = state_] { state->unset(); });
    }

private:
    std::shared_ptr<ClockState> state_;
};

}  // namespace

void define_timer(py::module_ &module) {
    py::class_<Timer>(module, "Timer")
        .def(py::init<>())
        .def("delay", &Timer::delay)
        .def("unset", &Timer::unset);
}

}  // namespace pyext
