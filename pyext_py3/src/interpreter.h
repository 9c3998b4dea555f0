// The one Python interpreter of this process. Pd's thread, when Pd loads the library.
#pragma once

#include <string>

namespace pyext {

// Returns the folder that holds this library.
std::string library_folder();

// Starts Python, imports the embedded Python modules and returns with the interpreter lock released. Throws
// std::runtime_error with one line that says what is wrong.
void start_python();

}  // namespace pyext
