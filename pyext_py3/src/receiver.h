// A Python function that listens to a receive name.
#pragma once

#include "python.h"

namespace pyext {

void define_receiver(py::module_ &host);

}  // namespace pyext
