// The functions of `_pyext` for Pd's arrays, which are found by name at each access. Any thread.
#pragma once

#include "python.h"

namespace pyext {

void define_arrays(py::module_ &module);

}  // namespace pyext
