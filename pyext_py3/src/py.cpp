// The library as Pd loads it: `-lib py`.

#include <dlfcn.h>

#include <stdexcept>

#include "box.h"
#include "interpreter.h"
#include "pd.h"
#include "python.h"
#include "queue.h"
#include "stream.h"

#ifndef PYEXT_VERSION
#error "PYEXT_VERSION comes from the Makefile"
#endif

namespace {

constexpr int oldest_minor = 52;

void check_pd() {
    int major, minor, bugfix;
    sys_getversion(&major, &minor, &bugfix);
    if (major == 0 && minor < oldest_minor)
        throw std::runtime_error("Pd 0.52 or later is needed, this is 0." + std::to_string(minor));
    // A double-precision Pd answers a single-precision library's request with nothing.
    if (!class_new(gensym("py check"), nullptr, nullptr, sizeof(t_pd), CLASS_PD, A_NULL))
        throw std::runtime_error(
            "this is a double-precision Pd (pd64), which this library is not made for: start the ordinary "
            "pd");
}

}  // namespace

extern "C" __attribute__((visibility("default"))) void py_setup() {
    static bool done = false;
    if (done)
        return;
    done = true;
    pyext::PdTurn turn;
    try {
        check_pd();
        pyext::start_queue();
        pyext::start_python();
        pyext::define_classes();
        logpost(nullptr, 3, "pyext " PYEXT_VERSION " with Python %d.%d", PY_MAJOR_VERSION, PY_MINOR_VERSION);
        pyext::define_stream_class();
    } catch (const std::exception &error) {
        pd_error(nullptr, "py: %s", error.what());
    }
}
