// CPython and pybind11, with the guards that this library uses for the interpreter lock.
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

// A Python object that may be dropped on any thread, with or without the interpreter lock.
using Held = std::shared_ptr<PyObject>;

inline Held hold(py::handle object) {
    return Held(object.inc_ref().ptr(), [](PyObject *held) {
        Gil gil;
        Py_DECREF(held);
    });
}

}  // namespace pyext
