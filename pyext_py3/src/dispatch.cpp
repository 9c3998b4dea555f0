// The way from a message to a method of the script's instance (see dispatch.h). Pd's thread.

#include "dispatch.h"

#include <map>

#include "console.h"

namespace pyext {

namespace {

struct Tags {
    t_symbol *list = &s_list;
    t_symbol *any = gensym("_anything");
    t_symbol *integer = gensym("int");
    t_symbol *reference = gensym(" py ");
};

const Tags &tags() {
    static const Tags one;
    return one;
}

// Returns "<tag>_<inlet>", or "<tag>_" for inlet 0, interned: attribute lookup is fastest with that.
PyObject *method_name(t_symbol *tag, int inlet) {
    static auto *known = new std::map<std::pair<t_symbol *, int>, PyObject *>;
    PyObject *&name = (*known)[{tag, inlet}];
    if (!name) {
        const std::string number = inlet ? std::to_string(inlet) : "";
        PyObject *text = to_text((tag->s_name + ("_" + number)).c_str()).release().ptr();
        PyUnicode_InternInPlace(&text);
        name = text;
    }
    return name;
}

py::object find_method(py::handle instance, PyObject *name) {
    PyObject *found = PyObject_GetAttr(instance.ptr(), name);
    if (!found) {
        if (!PyErr_ExceptionMatches(PyExc_AttributeError))
            throw py::error_already_set();
        PyErr_Clear();
    }
    return py::reinterpret_steal<py::object>(found);
}

// The arguments of one call, on the stack as long as there are few.
class Arguments {
public:
    explicit Arguments(size_t limit) {
        if (limit + 1 > few)
            many_.resize(limit + 1);
    }
    ~Arguments() {
        for (size_t i = 1; i <= count_; ++i)
            Py_DECREF(begin()[i]);
    }
    Arguments(const Arguments &) = delete;
    Arguments &operator=(const Arguments &) = delete;

    void add(py::object value) { begin()[++count_] = value.release().ptr(); }

    py::object call(py::handle callable) {
        PyObject *result = PyObject_Vectorcall(callable.ptr(), begin() + 1,
                                               count_ | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
        if (!result)
            throw py::error_already_set();
        return py::reinterpret_steal<py::object>(result);
    }

    py::tuple tuple() {
        py::tuple values(count_);
        for (size_t i = 0; i < count_; ++i)
            values[i] = py::reinterpret_borrow<py::object>(begin()[i + 1]);
        return values;
    }

private:
    static constexpr size_t few = 16;
    PyObject **begin() { return many_.empty() ? array_ : many_.data(); }
    PyObject *array_[few];
    std::vector<PyObject *> many_;
    size_t count_ = 0;
};

// The lookup of the method for one message.
struct MethodLookup {
    MethodLookup(const BoxPtr &to, int at, t_symbol *with, int count, t_atom *atoms)
        : box(to), instance(to->instance), inlet(at), selector(with), argc(count), argv(atoms) {}

    const BoxPtr &box;
    py::object instance;
    int inlet;
    t_symbol *selector;
    int argc;
    t_atom *argv;

    t_symbol *candidates[3];
    int tag_count = 0;
    py::object method;
    PyObject *name = nullptr;
    t_symbol *found_tag = nullptr;
    bool numbered = false;  // the name has the inlet, so the arguments do not

    void collect_tags() {
        if (selector == tags().reference && argc == 4)
            return;
        add_tag(selector);
        if (selector == &s_list && argc == 0)
            add_tag(&s_bang);
        if (selector == &s_list && argc == 1 && argv[0].a_type != A_POINTER)
            add_tag(argv[0].a_type == A_FLOAT ? &s_float : &s_symbol);
        const bool one_number = argc == 1 && argv[0].a_type == A_FLOAT;
        if (one_number && candidates[tag_count - 1] == &s_float)
            add_tag(tags().integer);
        else if (one_number && selector == tags().integer)
            add_tag(&s_float);
    }

    void add_tag(t_symbol *tag) { candidates[tag_count++] = tag; }

    bool look_up(t_symbol *tag) {
        name = method_name(tag, numbered ? inlet : 0);
        method = find_method(instance, name);
        found_tag = tag;
        return static_cast<bool>(method);
    }

    bool look_up_all() {
        for (bool with_number : {true, false}) {
            numbered = with_number;
            for (int i = 0; i < tag_count; ++i)
                if (look_up(candidates[i]))
                    return true;
            if (look_up(tags().any))
                return true;
        }
        return false;
    }

    py::object value(const t_atom &atom) const {
        if (atom.a_type == A_FLOAT && found_tag != selector && found_tag == tags().integer)
            return py::reinterpret_steal<py::object>(PyLong_FromDouble(atom.a_w.w_float));
        if (atom.a_type == A_FLOAT && selector == tags().integer && found_tag == &s_float)
            return py::float_(atom.a_w.w_float);
        if (atom.a_type == A_POINTER)
            print_error(box, "a pointer has no counterpart in Python: None takes its place");
        return to_python(atom);
    }

    void fill(Arguments &arguments) const {
        if (!numbered)
            arguments.add(py::int_(inlet));
        if (tag_count == 0) {
            arguments.add(box->controller.attr("on_reference")(to_python(argv[0]), to_python(argv[1]),
                                                               to_python(argv[2]), to_python(argv[3])));
            return;
        }
        if (found_tag == tags().any && !is_type_selector(selector))
            arguments.add(symbol(selector));
        for (int i = 0; i < argc; ++i)
            arguments.add(value(argv[i]));
    }

    std::string label() const { return py::cast<std::string>(py::str(py::handle(name))); }

    void report_result(py::handle result) const {
        if (result.is_none())
            return;
        const int truth = PyObject_IsTrue(result.ptr());
        if (truth < 0)
            PyErr_Clear();
        if (truth != 0)
            print_line(box->kind() + ": the value that " + label() +
                       " returned is not used; call self._outlet");
    }

    void call() const {
        Arguments arguments(static_cast<size_t>(argc) + 2);
        fill(arguments);
        if (box->detach)
            box->controller.attr("on_detached_call")(method, arguments.tuple());
        else
            report_result(arguments.call(method));
    }
};

}  // namespace

bool is_type_selector(const t_symbol *selector) {
    return selector == &s_float || selector == &s_list || selector == &s_symbol || selector == &s_pointer ||
           selector == tags().integer;
}

void dispatch(const BoxPtr &box, int inlet, t_symbol *selector, int argc, t_atom *argv) {
    MethodLookup lookup(box, inlet, selector, argc, argv);
    lookup.collect_tags();
    const bool found = lookup.look_up_all();
    if (found) {
        report_errors(box, lookup.label(), [&] { lookup.call(); });
    } else {
        print_error(box, box->kind() + ": no method for \"" + selector->s_name + "\" at inlet " +
                             std::to_string(inlet));
    }
    if (box->respond && box->controller)
        box->controller.attr("send_response")(found);
}

}  // namespace pyext
