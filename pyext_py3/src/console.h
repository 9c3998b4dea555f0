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

}  // namespace pyext
