// Lines and errors on Pd's console. Any thread.
#pragma once

#include <string>

#include "box.h"

namespace pyext {

// Prints one line, however long, literally.
void print_line(const std::string &line);

// Prints one error line, tied to the object so that Pd's "Find last error" shows it; `box` may be null.
void print_error(const BoxPtr &box, const std::string &line);

// Clears the Python error that is set and reports it as "action: error, file, line" with its traceback below.
void report_error(const BoxPtr &box, const std::string &action);

// Runs `work`, which calls Python, and reports what it throws: nothing may reach Pd, which is written in C.
template <typename Work>
void report_errors(const BoxPtr &box, const std::string &action, Work work) {
    try {
        work();
    } catch (py::error_already_set &error) {
        error.restore();
        report_error(box, action);
    } catch (const std::exception &error) {
        print_error(box, action + ": " + error.what());
    }
}

}  // namespace pyext
