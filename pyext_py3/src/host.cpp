// The module _pyext: what the Python half (pyext.py) may ask of Pd.

#include <climits>

#include "arrays.h"
#include "box.h"
#include "console.h"
#include "loans.h"
#include "python.h"
#include "queue.h"
#include "receiver.h"
#include "signals.h"
#include "timer.h"

extern "C" {
#include <s_stuff.h>
}

namespace pyext {

namespace {

// The box of an instance of the user's class; null once it is orphaned.
BoxPtr box_of(PyObject *instance) {
    static PyObject *link = PyUnicode_InternFromString("_this");
    auto box = py::reinterpret_steal<py::object>(PyObject_GetAttr(instance, link));
    if (!box) {
        PyErr_Clear();
        return nullptr;
    }
    return box.is_none() ? nullptr : box.cast<BoxPtr>();
}

BoxPtr living_box_of(PyObject *instance) {
    BoxPtr box = box_of(instance);
    if (!box || !box->owner()) {
        PyErr_SetString(PyExc_RuntimeError, "this instance no longer belongs to an object in a patch");
        throw py::error_already_set();
    }
    return box;
}

void note_strange(const BoxPtr &box, bool strange) {
    if (strange)
        print_error(box, "a value has no counterpart in Pd: an empty symbol takes its place");
}

// Calls Pd, with the interpreter lock held: to give it away would make Pd wait for it afterwards.
template <typename Call>
void call_pd(Call call) {
    if (!on_pd_thread())
        return call();
    PdsTurn turn;
    call();
}

void send_message(const BoxPtr &box, int outlet, Message message) {
    call_pd([&] { box->send(outlet, std::move(message)); });
}

// Runs the body of a plain C method; what it throws becomes the Python error.
template <typename Body>
PyObject *plain_method(Body body) {
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

// _outlet(n, *values), as a plain C method: it is the call that scripts make most.
PyObject *outlet(PyObject *self, PyObject *const *arguments, Py_ssize_t count) {
    return plain_method([&]() -> py::object {
        if (count < 1 || !PyLong_Check(arguments[0]))
            raise(PyExc_SyntaxError, "_outlet(n, *values) takes the number of an outlet first");
        const BoxPtr box = living_box_of(self);
        int overflow = 0;
        const long number = PyLong_AsLongAndOverflow(arguments[0], &overflow);
        if (overflow || number < 1 || number > box->outlets())
            raise(PyExc_ValueError, "there is no outlet " + std::string(py::str(py::handle(arguments[0]))) +
                                        ": this object has " + std::to_string(box->outlets()));
        bool strange = false;
        Message message = Message::of(arguments + 1, count - 1, strange);
        note_strange(box, strange);
        send_message(box, static_cast<int>(number), std::move(message));
        return py::none();
    });
}

// _invec(i=0) and _outvec(i=0), which a _signal calls for each block.
using Vector = py::object (Signals::*)(int) const;

template <Vector vector>
PyObject *block(PyObject *self, PyObject *const *arguments, Py_ssize_t count) {
    return plain_method([&]() -> py::object {
        const BoxPtr box = living_box_of(self);
        const long index = count > 0 ? PyLong_AsLong(arguments[0]) : 0;
        if (index == -1 && PyErr_Occurred())
            throw py::error_already_set();
        const bool there = box->signals() && index >= 0 && index <= INT_MAX;
        return there ? (box->signals()->*vector)(static_cast<int>(index)) : py::none();
    });
}

using FastCall = PyObject *(*)(PyObject *, PyObject *const *, Py_ssize_t);

void add_method(py::object type, PyMethodDef &definition, FastCall call) {
    definition.ml_meth = reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(call));
    definition.ml_flags = METH_FASTCALL;
    type.attr(definition.ml_name) =
        py::reinterpret_steal<py::object>(PyDescr_NewMethod(&PyBaseObject_Type, &definition));
}

// Sets the methods that are called most on the base class of scripts; they bind like any other.
void add_fast_methods(py::object type) {
    static PyMethodDef outlets = {
        "_outlet", nullptr, 0,
        "_outlet(n, *values): sends the values out of outlet n, counted from 1. Any thread."};
    static PyMethodDef inputs = {
        "_invec", nullptr, 0,
        "_invec(i=0): the current block of signal inlet i, a float32 array; None if there is none."};
    static PyMethodDef outputs = {
        "_outvec", nullptr, 0,
        "_outvec(i=0): the block that signal outlet i will play, a float32 array to be filled."};
    add_method(type, outlets, outlet);
    add_method(type, inputs, block<&Signals::input>);
    add_method(type, outputs, block<&Signals::output>);
}

Message message_of(const BoxPtr &box, const py::args &values) {
    bool strange = false;
    Message message =
        Message::of(PySequence_Fast_ITEMS(values.ptr()), PyTuple_GET_SIZE(values.ptr()), strange);
    note_strange(box, strange);
    return message;
}

// run_later, with the Python error of the call reported as `act`.
void call_later(py::object function, py::args arguments) {
    run_later([function = hold(function), arguments = hold(arguments)] {
        Gil gil;
        PyObject *result = PyObject_CallObject(function.get(), arguments.get());
        if (!result)
            report_error(nullptr, "call_soon");
        Py_XDECREF(result);
    });
}

// The function keeps its result and its errors to itself (see call_and_wait in pyext.py).
bool call_and_wait(py::object function, double seconds) {
    const Held called = hold(function);
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
    const bool deletes = message.may_delete();
    call_pd([&] {
        run_message(deletes, [name, message = std::move(message)]() mutable { send_to_name(name, message); });
    });
}

void define_box(py::module_ &host) {
    py::class_<Box, BoxPtr>(host, "Box")
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

void define_host(py::module_ &host) {
    define_box(host);
    define_timer(host);
    define_receiver(host);
    define_arrays(host);
    host.def("add_fast_methods", add_fast_methods);
    host.def("on_pd_thread", on_pd_thread);
    host.def("call_later", call_later);
    host.def("call_and_wait", call_and_wait);
    host.def("print_line", [](py::object text) { print_line(to_bytes(text)); });
    host.def("print_error", [](py::object text) { print_error(nullptr, to_bytes(text)); });
    host.def("logical_time", [] { return clock_gettimesince(0); });
    host.def("sample_rate", [] { return static_cast<double>(sys_getsr()); });
    host.def("block_size", sys_getblksize);
    host.def("search_paths", [] {
        return to_list(STUFF->st_searchpath) + to_list(STUFF->st_temppath) + to_list(STUFF->st_staticpath);
    });
    host.def("help_paths", [] { return to_list(STUFF->st_helppath); });
    host.def("get_value", value_of);
    host.def("set_value", set_value);
    host.def("send", send);
}

}  // namespace pyext
