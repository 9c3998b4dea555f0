// CPython and pybind11, and the guards that this library uses for the interpreter lock. Any thread.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>

namespace py = pybind11;

namespace pyext {

// Holds the interpreter lock.
class Gil {
public:
    Gil() : state_(PyGILState_Ensure()) {}
    ~Gil() { PyGILState_Release(state_); }
    Gil(const Gil &) = delete;
    Gil &operator=(const Gil &) = delete;

private:
    PyGILState_STATE state_;
};

// A reference to a Python object that may be dropped on any thread, with or without the interpreter lock.
using SharedObject = std::shared_ptr<PyObject>;

inline SharedObject share(py::handle object) {
    return SharedObject(object.inc_ref().ptr(), [](PyObject *shared) {
        Gil gil;
        Py_DECREF(shared);
    });
}

}  // namespace pyext
