// The one Python interpreter of this process.
#pragma once

#include <string>

namespace pyext {

// The folder that holds this library.
std::string library_folder();

// Starts Python, imports the Python half and leaves with the interpreter lock released. Throws
// std::runtime_error with one line that says what is wrong.
void start_python();

}  // namespace pyext
