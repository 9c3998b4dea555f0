// A Pd clock that Python can set from any thread; it calls on Pd's.
#pragma once

#include "python.h"

namespace pyext {

void define_timer(py::module_ &module);

}  // namespace pyext
