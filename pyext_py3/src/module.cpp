// The extension module `_pyext`: what C++ provides to the embedded Python modules (see module.h). With the
// interpreter lock; any thread, unless _pyext/__init__.pyi says otherwise.

#include "module.h"

#include <climits>

#include "array_views.h"
#include "arrays.h"
#include "box.h"
#include "console.h"
#include "multichannel.h"
#include "queue.h"
#include "receiver.h"
#include "signals.h"
#include "timer.h"

extern "C" {
#include <s_stuff.h>
}

namespace pyext {

namespace {

// Returns the box of an instance of a script's class; null once it has none.
BoxPtr box_of(PyObject *instance) {
    static PyObject *link = PyUnicode_InternFromString("_this");
    auto box = py::reinterpret_steal<py::object>(PyObject_GetAttr(instance, link));
    if (!box) {
        PyErr_Clear();
        return nullptr;
    }
    return box.is_none() ? nullptr : box.cast<BoxPtr>();
}

BoxPtr require_box(PyObject *instance) {
    BoxPtr box = box_of(instance);
    if (!box || !box->owner()) {
        PyErr_SetString(PyExc_RuntimeError, "this instance no longer belongs to an object in a patch");
        throw py::error_already_set();
    }
    return box;
}

void report_unsupported(const BoxPtr &box, bool unsupported) {
    if (unsupported)
        print_error(box, "a value has no counterpart in Pd: an empty symbol takes its place");
}

// Calls Pd, with the interpreter lock held: to release it would make Pd wait for it afterwards.
template <typename Call>
void call_pd(Call call) {
    if (!on_pd_thread())
        return call();
    ArraysReleasedToPd released;
    call();
}

void send_message(const BoxPtr &box, int outlet, Message message) {
    call_pd([&] { box->send(outlet, std::move(message)); });
}

// Runs the body of a C function that Python calls; what it throws becomes the Python error.
template <typename Body>
PyObject *c_function(Body body) {
    try {
        return body().release().ptr();
    } catch (py::error_already_set &error) {
        error.restore();
    } catch (const std::exception &error) {
        PyErr_SetString(PyExc_RuntimeError, error.what());
    }
    return nullptr;
}

[[noreturn]] void raise(PyObject *type, const std::string &text) {
    PyErr_SetString(type, text.c_str());
    throw py::error_already_set();
}

// _class._outlet(n, *values)
PyObject *outlet(PyObject *self, PyObject *const *arguments, Py_ssize_t count) {
    return c_function([&]() -> py::object {
        if (count < 1 || !PyLong_Check(arguments[0]))
            raise(PyExc_SyntaxError, "_outlet(n, *values) takes the number of an outlet first");
        const BoxPtr box = require_box(self);
        int overflow = 0;
        const long number = PyLong_AsLongAndOverflow(arguments[0], &overflow);
        if (overflow || number < 1 || number > box->outlets())
            raise(PyExc_ValueError, "there is no outlet " + std::string(py::str(py::handle(arguments[0]))) +
                                        ": this object has " + std::to_string(box->outlets()));
        bool unsupported = false;
        Message message = Message::of(arguments + 1, count - 1, unsupported);
        report_unsupported(box, unsupported);
        send_message(box, static_cast<int>(number), std::move(message));
        return py::none();
    });
}

// _class._invec(i=0) and _class._outvec(i=0)
using Vector = py::object (Signals::*)(int) const;

template <Vector vector>
PyObject *block(PyObject *self, PyObject *const *arguments, Py_ssize_t count) {
    return c_function([&]() -> py::object {
        const BoxPtr box = require_box(self);
        const long index = count > 0 ? PyLong_AsLong(arguments[0]) : 0;
        if (index == -1 && PyErr_Occurred())
            throw py::error_already_set();
        const bool exists = box->signals() && index >= 0 && index <= INT_MAX;
        return exists ? (box->signals()->*vector)(static_cast<int>(index)) : py::none();
    });
}

using FastCall = PyObject *(*)(PyObject *, PyObject *const *, Py_ssize_t);

// Replaces a method of a Python class by a C function with the same docstring; it binds like any other
// method.
void replace_method(py::object type, const char *name, FastCall call) {
    const py::object doc = type.attr(name).attr("__doc__");  // None where Python runs without docstrings
    const auto *text = new std::string(doc.is_none() ? "" : doc.cast<std::string>());
    const auto function = reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(call));
    auto *definition = new PyMethodDef{name, function, METH_FASTCALL, text->c_str()};
    type.attr(name) = py::reinterpret_steal<py::object>(PyDescr_NewMethod(&PyBaseObject_Type, definition));
}

// Scripts call these methods of their base class most.
void add_fast_methods(py::object type) {
    replace_method(type, "_outlet", outlet);
    replace_method(type, "_invec", block<&Signals::input>);
    replace_method(type, "_outvec", block<&Signals::output>);
}

Message message_of(const BoxPtr &box, const py::args &values) {
    bool unsupported = false;
    Message message =
        Message::of(PySequence_Fast_ITEMS(values.ptr()), PyTuple_GET_SIZE(values.ptr()), unsupported);
    report_unsupported(box, unsupported);
    return message;
}

// Calls a function on Pd's thread, with no one waiting: an exception is reported.
void call_later(py::object function, py::args arguments) {
    run_later([function = share(function), arguments = share(arguments)] {
        Gil gil;
        PyObject *result = PyObject_CallObject(function.get(), arguments.get());
        if (!result)
            report_error(nullptr, "call_soon");
        Py_XDECREF(result);
    });
}

// The function stores its result and its exception itself (see scheduling.py).
bool call_and_wait(py::object function, double seconds) {
    const SharedObject called = share(function);
    py::gil_scoped_release unlocked;
    return run_and_wait(
        [called] {
            Gil gil;
            Py_XDECREF(PyObject_CallObject(called.get(), nullptr));
            PyErr_Clear();
        },
        seconds);
}

py::list to_list(const t_namelist *names) {
    py::list folders;
    for (int i = 0; const char *folder = namelist_get(names, i); ++i)
        folders.append(to_text(folder));
    return folders;
}

py::object value_of(const std::string &name) {
    t_float value;
    if (value_getfloat(gensym(name.c_str()), &value))
        return py::none();
    return py::float_(value);
}

bool set_value(const std::string &name, double value) {
    return value_setfloat(gensym(name.c_str()), static_cast<t_float>(value)) == 0;
}

void send(const std::string &name, py::args values) {
    Message message = message_of(nullptr, values);
    const bool may_delete = message.may_delete();
    call_pd([&] {
        run_message(may_delete,
                    [name, message = std::move(message)]() mutable { send_to_name(name, message); });
    });
}

void define_box(py::module_ &module) {
    py::class_<Box, BoxPtr>(module, "Box")
        .def_property_readonly("kind", &Box::kind)
        .def_property_readonly("alive", [](const Box &box) { return box.owner() != nullptr; })
        .def_property_readonly("outlets", &Box::outlets)
        .def_property(
            "controller", [](const Box &box) { return box.controller ? box.controller : py::none(); },
            [](Box &box, py::object value) { box.controller = std::move(value); })
        .def_property(
            "instance", [](const Box &box) { return box.instance ? box.instance : py::none(); },
            [](Box &box, py::object value) { box.instance = std::move(value); })
        .def_readwrite("detach", &Box::detach)
        .def_readwrite("respond", &Box::respond)
        .def("make_ports", &Box::make_ports)
        .def("folder", [](Box &box) { return to_text(box.folder().c_str()); })
        .def("folders",
             [](Box &box) {
                 py::list folders;
                 for (const std::string &folder : box.folders())
                     folders.append(to_text(folder.c_str()));
                 return folders;
             })
        .def("patch_arguments",
             [](const Box &box) -> py::object {
                 if (!box.in_abstraction())
                     return py::none();
                 py::list words;
                 for (const t_atom &word : box.patch_arguments())
                     words.append(to_python(word));
                 return words;
             })
        .def("window", [](const Box &box) { return to_text(box.window().c_str()); })
        .def("find", [](const Box &box, const std::string &name,
                        const std::string &extension) { return to_text(box.find(name, extension).c_str()); })
        .def("send", [](const BoxPtr &box, int number,
                        py::args values) { send_message(box, number, message_of(box, values)); })
        .def("to_canvas",
             [](const BoxPtr &box, py::args values) {
                 Message message = message_of(box, values);
                 call_pd([&] { box->send_to_canvas(std::move(message)); });
             })
        .def("error", [](const BoxPtr &box, py::object text) { print_error(box, to_bytes(text)); })
        .def("renew_signals",
             [](const Box &box) {
                 if (box.signals())
                     box.signals()->renew();
             })
        .def("enable", [](const Box &box, bool on) {
            if (box.signals())
                box.signals()->enable(on);
        });
}

}  // namespace

void define_module(py::module_ &module) {
    define_box(module);
    define_timer(module);
    define_receiver(module);
    define_arrays(module);
    module.def("add_fast_methods", add_fast_methods);
    module.def("on_pd_thread", on_pd_thread);
    module.def("call_later", call_later);
    module.def("call_and_wait", call_and_wait);
    module.def("print_line", [](py::object text) { print_line(to_bytes(text)); });
    module.def("print_error", [](py::object text) { print_error(nullptr, to_bytes(text)); });
    module.def("logical_time", [] { return clock_gettimesince(0); });
    module.def("sample_rate", [] { return static_cast<double>(sys_getsr()); });
    module.def("block_size", sys_getblksize);
    module.def("has_multichannel", has_multichannel);
    module.def("search_paths", [] {
        return to_list(STUFF->st_searchpath) + to_list(STUFF->st_temppath) + to_list(STUFF->st_staticpath);
    });
    module.def("help_paths", [] { return to_list(STUFF->st_helppath); });
    module.def("get_value", value_of);
    module.def("set_value", set_value);
    module.def("send", send);
}

}  // namespace pyext
