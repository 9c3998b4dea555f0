// A Pd object without a box that is bound to a receive name (see receiver.h). Pd's thread.

#include "receiver.h"

#include "console.h"
#include "dispatch.h"
#include "pd.h"
#include "queue.h"

namespace pyext {

namespace {

struct Receiver;

struct t_pyreceiver {
    t_pd pd;
    Receiver *receiver;
};

struct Receiver : std::enable_shared_from_this<Receiver> {
    Receiver(const std::string &at, py::object calls, BoxPtr of)
        : function(share(calls)), box(std::move(of)), name(gensym(at.c_str())) {
        object = reinterpret_cast<t_pyreceiver *>(pd_new(receiver_class()));
        object->receiver = this;
        pd_bind(&object->pd, name);
    }

    // Pd may be iterating over the receivers of this name, so they are changed later.
    void close() {
        function.reset();
        if (!closing)
            run_later([self = shared_from_this()] {
                pd_unbind(&self->object->pd, self->name);
                pd_free(&self->object->pd);
            });
        closing = true;
    }

    void message(t_symbol *selector, int argc, t_atom *argv) {
        const auto keep = shared_from_this();
        const SharedObject called = function;
        if (!called)
            return;
        CalledFromPd mark;
        Gil gil;
        if (!selector)
            selector = &s_list;
        report_errors(box, std::string("bound to ") + name->s_name, [&] {
            py::list values;
            if (!is_type_selector(selector))
                values.append(symbol(selector));
            for (int i = 0; i < argc; ++i)
                values.append(to_python(argv[i]));
            py::handle(called.get())(*values);
        });
    }

    static void receive(t_pyreceiver *object, t_symbol *selector, int argc, t_atom *argv) {
        object->receiver->message(selector, argc, argv);
    }

    static t_class *receiver_class() {
        static t_class *made = [] {
            t_class *type =
                class_new(gensym("pyext receiver"), nullptr, nullptr, sizeof(t_pyreceiver), CLASS_PD, A_NULL);
            class_addanything(type, reinterpret_cast<t_method>(receive));
            return type;
        }();
        return made;
    }

    SharedObject function;
    BoxPtr box;
    t_symbol *name;
    t_pyreceiver *object;
    bool closing = false;
};

}  // namespace

void define_receiver(py::module_ &module) {
    py::class_<Receiver, std::shared_ptr<Receiver>>(module, "Receiver")
        .def(py::init<const std::string &, py::object, BoxPtr>())
        .def("close", &Receiver::close);
}

}  // namespace pyext
