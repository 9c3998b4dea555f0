// Pd's arrays, looked up by name at each access.
#pragma once

#include "python.h"

namespace pyext {

void define_arrays(py::module_ &host);

}  // namespace pyext
