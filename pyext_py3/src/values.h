// Pd's atoms as Python values and back.
#pragma once

#include <string>
#include <vector>

#include "pd.h"
#include "python.h"

namespace pyext {

// The pyext.Symbol for a name; the same object every time.
py::object symbol(t_symbol *name);

// A whole float in C's int range becomes an int, any other a float, a symbol a Symbol, all else None.
py::object to_python(const t_atom &atom);

// Pd's bytes as Python text; what is not UTF-8 survives the way there and back.
py::str to_text(const char *bytes);
std::string to_bytes(py::handle text);

// A message on its way from Python to Pd. Made on any thread with the interpreter lock; sent on Pd's thread
// without it.
class Message {
public:
    // The message for these values: none is an empty list, one goes by its type, several are a sequence.
    // `notes` is set when a value had no counterpart in Pd.
    static Message of(PyObject *const *values, Py_ssize_t count, bool &strange);

    void to_outlet(t_outlet *outlet);
    void to_receiver(t_pd *receiver);
    // Takes the first word of a list as its selector, as a patch's own messages are written.
    void promote_selector();
    // Whether it may close a patch, delete boxes or take cords away (see run_message).
    bool may_delete() const;

private:
    void set_value(PyObject *value, bool &strange);
    void set_sequence(PyObject *values, bool &strange);
    void set_items(PyObject *const *items, Py_ssize_t count, bool &strange);
    void append_sequence(PyObject *values, bool &strange);
    void append_items(PyObject *const *items, Py_ssize_t count, bool &strange);
    bool append_number(PyObject *value);
    void append(PyObject *value, bool &strange);
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

// Sends to a receive name, if anything listens there. Pd's thread.
void send_to_name(const std::string &name, Message &message);

}  // namespace pyext
