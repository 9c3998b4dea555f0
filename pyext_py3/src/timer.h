// A Pd clock that Python can set from any thread.
#pragma once

#include "python.h"

namespace pyext {

void define_timer(py::module_ &host);

}  // namespace pyext
