// The extension module `_pyext`: what C++ provides to the embedded Python modules (typed in
// _pyext/__init__.pyi).
#pragma once

#include "python.h"

namespace pyext {

void define_module(py::module_ &module);

}  // namespace pyext
