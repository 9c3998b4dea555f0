// The entry point of the library, which Pd calls when it loads it (`-lib py`). Pd's thread.

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

constexpr int minimum_minor = 52;

void check_pd() {
    int major, minor, bugfix;
    sys_getversion(&major, &minor, &bugfix);
    if (major == 0 && minor < minimum_minor)
        throw std::runtime_error("Pd 0.52 or later is needed, this is 0." + std::to_string(minor));
    // A double-precision Pd returns null to a single-precision library.
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
    pyext::CalledFromPd mark;
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
