// Pd's console.
#pragma once

#include <string>

#include "box.h"

namespace pyext {

// One line, however long, taken literally. Any thread.
void print_line(const std::string &line);

// One error line, tied to the object so that Pd's "Find last error" shows it; `box` may be null. Any thread.
void print_error(const BoxPtr &box, const std::string &line);

// Takes the Python error that is set and reports it as "what, file, line" with its traceback below.
void report_error(const BoxPtr &box, const std::string &act);

// Runs `work`, which calls Python, and reports what it throws: nothing may reach Pd, which is written in C.
template <typename Work>
void report_errors(const BoxPtr &box, const std::string &act, Work work) {
    try {
        work();
    } catch (py::error_already_set &error) {
        error.restore();
        report_error(box, act);
    } catch (const std::exception &error) {
        print_error(box, act + ": " + error.what());
    }
}

}  // namespace pyext
