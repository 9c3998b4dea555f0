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

// Made and closed on Pd's thread.
struct Receiver : std::enable_shared_from_this<Receiver> {
    Receiver(const std::string &at, py::object calls, BoxPtr of)
        : function(hold(calls)), box(std::move(of)), name(gensym(at.c_str())) {
        door = reinterpret_cast<t_pyreceiver *>(pd_new(receiver_class()));
        door->receiver = this;
        pd_bind(&door->pd, name);
    }

    // Pd may be walking through the listeners of this very name, so they are changed in a later turn.
    void close() {
        function.reset();
        if (!closing)
            run_later([self = shared_from_this()] {
                pd_unbind(&self->door->pd, self->name);
                pd_free(&self->door->pd);
            });
        closing = true;
    }

    void message(t_symbol *selector, int argc, t_atom *argv) {
        const auto keep = shared_from_this();
        const Held called = function;
        if (!called)
            return;
        PdTurn turn;
        Gil gil;
        if (!selector)
            selector = &s_list;
        report_errors(box, std::string("bound to ") + name->s_name, [&] {
            py::list values;
            if (!names_itself(selector))
                values.append(symbol(selector));
            for (int i = 0; i < argc; ++i)
                values.append(to_python(argv[i]));
            py::handle(called.get())(*values);
        });
    }

    static void receive(t_pyreceiver *door, t_symbol *selector, int argc, t_atom *argv) {
        door->receiver->message(selector, argc, argv);
    }

    static t_class *receiver_class() {
        static t_class *made = [] {
            t_class *one =
                class_new(gensym("pyext receiver"), nullptr, nullptr, sizeof(t_pyreceiver), CLASS_PD, A_NULL);
            class_addanything(one, reinterpret_cast<t_method>(receive));
            return one;
        }();
        return made;
    }

    Held function;
    BoxPtr box;
    t_symbol *name;
    t_pyreceiver *door;
    bool closing = false;
};

}  // namespace

void define_receiver(py::module_ &host) {
    py::class_<Receiver, std::shared_ptr<Receiver>>(host, "Receiver")
        .def(py::init<const std::string &, py::object, BoxPtr>())
        .def("close", &Receiver::close);
}

}  // namespace pyext
