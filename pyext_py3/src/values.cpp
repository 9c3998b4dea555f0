// Conversion of values between Pd and Python (see values.h).

#include "values.h"

#include <climits>
#include <cmath>
#include <set>
#include <unordered_map>

namespace pyext {

namespace {

py::object new_symbol(t_symbol *name) {
    static const py::handle type = py::object(py::module_::import("_pyext.symbol").attr("Symbol")).release();
    return type(to_text(name->s_name));
}

bool is_text(PyObject *value) { return PyUnicode_Check(value); }

bool has_number(PyObject *value) {
    const PyNumberMethods *methods = Py_TYPE(value)->tp_as_number;
    return methods && (methods->nb_float || methods->nb_index);
}

// An array without dimensions has the protocol of a sequence, but no length: it is a number.
bool is_sequence(PyObject *value) {
    if (is_text(value) || !PySequence_Check(value) || PyDict_Check(value))
        return false;
    if (!has_number(value) || PySequence_Size(value) >= 0)
        return true;
    PyErr_Clear();
    return false;
}

py::object read_sequence(PyObject *values) {
    auto items = py::reinterpret_steal<py::object>(PySequence_Fast(values, "a sequence that cannot be read"));
    if (!items)
        throw py::error_already_set();
    return items;
}

}  // namespace

py::object symbol(t_symbol *name) {
    // Never freed, as Pd never frees a symbol.
    static auto *known = new std::unordered_map<t_symbol *, PyObject *>;
    const auto found = known->find(name);
    if (found != known->end())
        return py::reinterpret_borrow<py::object>(found->second);
    py::object made = new_symbol(name);
    (*known)[name] = made.inc_ref().ptr();
    return made;
}

py::object to_python(const t_atom &atom) {
    if (atom.a_type == A_SYMBOL)
        return symbol(atom.a_w.w_symbol);
    if (atom.a_type != A_FLOAT)
        return py::none();
    const double value = atom.a_w.w_float;
    const bool whole = value >= INT_MIN && value <= INT_MAX && value == std::floor(value);
    return py::reinterpret_steal<py::object>(whole ? PyLong_FromLong(static_cast<long>(value))
                                                   : PyFloat_FromDouble(value));
}

py::str to_text(const char *bytes) {
    PyObject *text = PyUnicode_DecodeUTF8(bytes, static_cast<Py_ssize_t>(strlen(bytes)), "surrogateescape");
    if (!text)
        throw py::error_already_set();
    return py::reinterpret_steal<py::str>(text);
}

std::string to_bytes(py::handle text) {
    Py_ssize_t size = 0;
    if (const char *utf8 = PyUnicode_AsUTF8AndSize(text.ptr(), &size))
        return std::string(utf8, static_cast<size_t>(size));
    PyErr_Clear();
    auto bytes =
        py::reinterpret_steal<py::bytes>(PyUnicode_AsEncodedString(text.ptr(), "utf-8", "surrogateescape"));
    if (!bytes) {
        PyErr_Clear();
        bytes = py::reinterpret_steal<py::bytes>(PyUnicode_AsEncodedString(text.ptr(), "utf-8", "replace"));
    }
    return bytes ? std::string(bytes) : std::string();
}

Message Message::of(PyObject *const *values, Py_ssize_t count, bool &unsupported) {
    Message message;
    if (count == 1)
        message.set_value(values[0], unsupported);
    else
        message.set_items(values, count, unsupported);
    return message;
}

void Message::set_value(PyObject *value, bool &unsupported) {
    if (value == Py_None) {
        kind_ = Kind::bang;
    } else if (is_text(value)) {
        append_text(value);
        single_ = true;
    } else if (append_number(value)) {
        single_ = true;
    } else if (is_sequence(value)) {
        set_sequence(value, unsupported);
    } else {
        append(value, unsupported);
        single_ = true;
    }
}

void Message::set_sequence(PyObject *values, bool &unsupported) {
    if (append_array(values))
        return;
    auto items = read_sequence(values);
    set_items(PySequence_Fast_ITEMS(items.ptr()), PySequence_Fast_GET_SIZE(items.ptr()), unsupported);
}

void Message::set_items(PyObject *const *items, Py_ssize_t count, bool &unsupported) {
    if (count == 2 && is_text(items[0]) && is_sequence(items[1])) {
        kind_ = Kind::named;
        name_ = to_bytes(items[0]);
        append_sequence(items[1], unsupported);
    } else {
        append_items(items, count, unsupported);
    }
}

void Message::append_sequence(PyObject *values, bool &unsupported) {
    if (append_array(values))
        return;
    auto items = read_sequence(values);
    append_items(PySequence_Fast_ITEMS(items.ptr()), PySequence_Fast_GET_SIZE(items.ptr()), unsupported);
}

void Message::append_items(PyObject *const *items, Py_ssize_t count, bool &unsupported) {
    atoms_.reserve(static_cast<size_t>(count));
    for (Py_ssize_t i = 0; i < count; ++i)
        append(items[i], unsupported);
}

// Anything with __float__ or __index__ is a number, numpy's scalars among them.
bool Message::append_number(PyObject *value) {
    double number;
    if (PyFloat_CheckExact(value)) {
        number = PyFloat_AS_DOUBLE(value);
    } else {
        if (!has_number(value) || is_sequence(value))
            return false;
        number = PyFloat_AsDouble(value);
        if (number == -1. && PyErr_Occurred()) {
            PyErr_Clear();
            return false;
        }
    }
    t_atom atom;
    SETFLOAT(&atom, static_cast<t_float>(number));
    atoms_.push_back(atom);
    return true;
}

void Message::append(PyObject *value, bool &unsupported) {
    if (is_text(value)) {
        append_text(value);
    } else if (!append_number(value)) {
        unsupported = true;
        append_text(py::str("").ptr());
    }
}

void Message::append_text(PyObject *text) {
    t_atom atom;
    atom.a_type = A_SYMBOL;
    atom.a_w.w_index = static_cast<int>(texts_.size());
    texts_.push_back(to_bytes(text));
    atoms_.push_back(atom);
}

// Arrays of floats, whatever their strides, without a Python object for each number.
bool Message::append_array(PyObject *value) {
    Py_buffer view;
    if (!PyObject_CheckBuffer(value) || PyObject_GetBuffer(value, &view, PyBUF_RECORDS_RO) != 0) {
        PyErr_Clear();
        return false;
    }
    const char format = view.format && view.format[1] == 0 ? view.format[0] : 0;
    const bool readable = view.ndim == 1 && (format == 'f' || format == 'd');
    if (readable) {
        const auto *byte = static_cast<const char *>(view.buf);
        atoms_.resize(static_cast<size_t>(view.shape[0]));
        for (t_atom &atom : atoms_) {
            const double number = format == 'f' ? *reinterpret_cast<const float *>(byte)
                                                : *reinterpret_cast<const double *>(byte);
            SETFLOAT(&atom, static_cast<t_float>(number));
            byte += view.strides[0];
        }
    }
    PyBuffer_Release(&view);
    return readable;
}

void Message::promote_selector() {
    if (kind_ != Kind::list || atoms_.empty() || atoms_[0].a_type != A_SYMBOL)
        return;
    name_ = texts_[static_cast<size_t>(atoms_[0].a_w.w_index)];
    atoms_.erase(atoms_.begin());
    kind_ = Kind::named;
    single_ = false;
}

bool Message::may_delete() const {
    static const std::set<std::string> names = {"menuclose", "clear",         "cut",        "undo",
                                                "redo",      "paste-replace", "triggerize", "disconnect"};
    return kind_ == Kind::named && names.count(name_);
}

void Message::find_symbols() {
    if (texts_.empty())
        return;
    for (t_atom &atom : atoms_)
        if (atom.a_type == A_SYMBOL)
            SETSYMBOL(&atom, gensym(texts_[static_cast<size_t>(atom.a_w.w_index)].c_str()));
    texts_.clear();
}

t_symbol *Message::selector() const { return kind_ == Kind::named ? gensym(name_.c_str()) : &s_list; }

void Message::to_outlet(t_outlet *outlet) {
    find_symbols();
    const int count = static_cast<int>(atoms_.size());
    if (kind_ == Kind::bang)
        outlet_bang(outlet);
    else if (single_ && atoms_[0].a_type == A_FLOAT)
        outlet_float(outlet, atoms_[0].a_w.w_float);
    else if (single_)
        outlet_symbol(outlet, atoms_[0].a_w.w_symbol);
    else if (kind_ == Kind::list)
        outlet_list(outlet, &s_list, count, atoms_.data());
    else
        outlet_anything(outlet, selector(), count, atoms_.data());
}

void Message::to_receiver(t_pd *receiver) {
    find_symbols();
    const int count = static_cast<int>(atoms_.size());
    if (kind_ == Kind::bang || (kind_ == Kind::list && atoms_.empty()))
        pd_bang(receiver);
    else if (single_ && atoms_[0].a_type == A_FLOAT)
        pd_float(receiver, atoms_[0].a_w.w_float);
    else if (single_)
        pd_symbol(receiver, atoms_[0].a_w.w_symbol);
    else if (kind_ == Kind::list)
        pd_list(receiver, &s_list, count, atoms_.data());
    else
        pd_typedmess(receiver, selector(), count, atoms_.data());
}

void send_to_name(const std::string &name, Message &message) {
    if (t_pd *receiver = gensym(name.c_str())->s_thing)
        message.to_receiver(receiver);
}

}  // namespace pyext
