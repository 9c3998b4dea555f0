// Python functions that are called with what is sent to a receive name. Pd's thread.
#pragma once

#include "python.h"

namespace pyext {

void define_receiver(py::module_ &module);

}  // namespace pyext
