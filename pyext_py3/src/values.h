// Pd's atoms as Python values and back, and messages to Pd. With the interpreter lock, unless stated
// otherwise.
#pragma once

#include <string>
#include <vector>

#include "pd.h"
#include "python.h"

namespace pyext {

// Returns the pyext.Symbol for a name; the same object every time.
py::object symbol(t_symbol *name);

// Converts a whole float in C's int range to int, any other to float, a symbol to Symbol, all else to None.
py::object to_python(const t_atom &atom);

// Converts Pd's bytes to Python text and back; bytes that are not UTF-8 are kept (surrogateescape).
py::str to_text(const char *bytes);
std::string to_bytes(py::handle text);

// A message from Python to Pd. Made on any thread with the interpreter lock, sent on Pd's thread without it.
class Message {
public:
    // Returns the message for these values: none is an empty list, one goes by its type, several are a
    // sequence. `unsupported` is set when a value had no counterpart in Pd.
    static Message of(PyObject *const *values, Py_ssize_t count, bool &unsupported);

    void to_outlet(t_outlet *outlet);
    void to_receiver(t_pd *receiver);
    // Makes the first word of a list the selector, as in a message box.
    void promote_selector();
    // Whether it may close a patch or delete boxes or cords (see run_message).
    bool may_delete() const;

private:
    void set_value(PyObject *value, bool &unsupported);
    void set_sequence(PyObject *values, bool &unsupported);
    void set_items(PyObject *const *items, Py_ssize_t count, bool &unsupported);
    void append_sequence(PyObject *values, bool &unsupported);
    void append_items(PyObject *const *items, Py_ssize_t count, bool &unsupported);
    bool append_number(PyObject *value);
    void append(PyObject *value, bool &unsupported);
    void append_text(PyObject *text);
    bool append_array(PyObject *value);
    void find_symbols();
    t_symbol *selector() const;

    enum class Kind { bang, list, named };
    Kind kind_ = Kind::list;
    bool single_ = false;  // one float or symbol that is no list
    std::string name_;     // of Kind::named
    std::vector<t_atom> atoms_;
    std::vector<std::string> texts_;  // of the symbol atoms, by index, until Pd's thread looks them up
};

// Sends to a receive name, if it has a receiver. Pd's thread, without the interpreter lock.
void send_to_name(const std::string &name, Message &message);

}  // namespace pyext
