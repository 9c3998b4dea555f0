// The objects of this library: how Pd creates them, sends them messages and deletes them. Pd's thread.

#include "box.h"

#include <g_canvas.h>

#include <array>
#include <cstdio>
#include <cstring>

#include "console.h"
#include "dispatch.h"
#include "queue.h"
#include "signals.h"

namespace pyext {

namespace {

constexpr int max_ports = 512;  // inlets or outlets of a kind

t_class *inlet_class;

struct Classes {
    t_class *function;         // py
    t_class *method;           // pym
    t_class *instance;         // pyext, pyx, pyext., pyx.
    t_class *silent_instance;  // the same with ~, without signal inlets
    t_class *signal_instance;  // the same with ~, with signal inlets
} classes;

bool is_number(const t_atom &atom) { return atom.a_type == A_FLOAT; }

// Whether the words are [pyext~ IN OUT SIN SOUT ...] with SIN of 1 or more: then Pd's class must have a
// signal inlet.
bool wants_signal_inlet(int argc, const t_atom *argv) {
    for (int i = 0; i < 4; ++i)
        if (i >= argc || !is_number(argv[i]))
            return false;
    return argv[2].a_w.w_float >= 1;
}

t_class *class_of(const std::string &kind, int argc, const t_atom *argv) {
    if (kind == "py")
        return classes.function;
    if (kind == "pym")
        return classes.method;
    if (kind.back() != '~')
        return classes.instance;
    return wants_signal_inlet(argc, argv) ? classes.signal_instance : classes.silent_instance;
}

py::list to_list(int argc, const t_atom *argv) {
    py::list values;
    for (int i = 0; i < argc; ++i)
        values.append(to_python(argv[i]));
    return values;
}

void *create(t_symbol *name, int argc, t_atom *argv) {
    CalledFromPd mark;
    auto *x = reinterpret_cast<t_pybox *>(pd_new(class_of(name->s_name, argc, argv)));
    auto box = std::make_shared<Box>(x, name->s_name);
    x->box = new BoxPtr(box);
    bool created = false;
    {
        Gil gil;
        report_errors(box, "creation", [&] {
            created =
                py::module_::import("_pyext.entry").attr("create")(box, to_list(argc, argv)).cast<bool>();
        });
    }
    if (created)
        return x;
    pd_free(&x->object.ob_pd);
    return nullptr;
}

void destroy(t_pybox *x) {
    CalledFromPd mark;
    (*x->box)->remove();
    delete x->box;
}

void control_message(t_pybox *x, t_symbol *selector, int argc, t_atom *argv) {
    BoxPtr box = *x->box;
    box->message(0, selector, argc, argv);
}

void inlet_message(t_pyinlet *inlet, t_symbol *selector, int argc, t_atom *argv) {
    BoxPtr box = *inlet->owner->box;
    box->message(inlet->number, selector, argc, argv);
}

// A click with the shift key held opens the script.
void click(t_pybox *x, t_floatarg, t_floatarg, t_floatarg shift, t_floatarg, t_floatarg) {
    if (shift != 0)
        control_message(x, gensym("edit"), 0, nullptr);
}

void start_dsp(t_pybox *x, t_signal **blocks) {
    CalledFromPd mark;
    if (Signals *signals = (*x->box)->signals())
        signals->start(blocks);
}

t_class *define_class(const char *name, bool creatable) {
    t_class *made =
        class_new(gensym(name), creatable ? reinterpret_cast<t_newmethod>(create) : nullptr,
                  reinterpret_cast<t_method>(destroy), sizeof(t_pybox), CLASS_DEFAULT, A_GIMME, A_NULL);
    class_addanything(made, reinterpret_cast<t_method>(control_message));
    class_addmethod(made, reinterpret_cast<t_method>(click), gensym("click"), A_FLOAT, A_FLOAT, A_FLOAT,
                    A_FLOAT, A_FLOAT, A_NULL);
    return made;
}

void add_signals(t_class *made, bool inlet) {
    class_addmethod(made, reinterpret_cast<t_method>(start_dsp), gensym("dsp"), A_CANT, A_NULL);
    if (inlet)
        class_domainsignalin(made, offsetof(t_pybox, scalar));
}

void add_names(std::initializer_list<const char *> names) {
    for (const char *name : names)
        class_addcreator(reinterpret_cast<t_newmethod>(create), gensym(name), A_GIMME, A_NULL);
}

}  // namespace

void define_classes() {
    inlet_class = class_new(gensym("pyext inlet"), nullptr, nullptr, sizeof(t_pyinlet), CLASS_PD, A_NULL);
    class_addanything(inlet_class, reinterpret_cast<t_method>(inlet_message));

    classes.function = define_class("py", true);
    classes.method = define_class("pym", true);
    classes.instance = define_class("pyext", true);
    classes.silent_instance = define_class("pyext~", true);
    classes.signal_instance = define_class("pyext~", false);
    add_signals(classes.silent_instance, false);
    add_signals(classes.signal_instance, true);
    add_names({"pyx", "pyext.", "pyx.", "pyx~", "pyext.~", "pyx.~"});
}

Box::Box(t_pybox *owner, std::string kind)
    : owner_(owner), kind_(std::move(kind)), canvas_(canvas_getcurrent()) {
    folder();
    int count = 0;
    t_atom *words = nullptr;
    if (canvas_) {
        canvas_getargs(&count, &words);
        in_abstraction_ = canvas_->gl_owner != nullptr;
    }
    patch_arguments_.assign(words, words + count);
}

Box::~Box() = default;

void Box::make_ports(int inlets, int outlets, int signal_inlets, int signal_outlets) {
    for (const int count : {inlets, outlets, signal_inlets, signal_outlets})
        if (count > max_ports)  // Pd draws and searches each of them: thousands would make it stand still
            throw py::value_error(std::to_string(count) + " inlets or outlets: at most " +
                                  std::to_string(max_ports) + " are possible");
    t_object *object = &owner_->object;
    if (kind_.back() == '~')
        signals_ = std::make_unique<Signals>(*this, signal_inlets, signal_outlets);
    for (int i = 1; i < signal_inlets; ++i)
        signalinlet_new(object, 0);
    for (int i = 1; i <= inlets; ++i) {
        auto *inlet = reinterpret_cast<t_pyinlet *>(pd_new(inlet_class));
        inlet->owner = owner_;
        inlet->number = i;
        inlet_new(object, &inlet->pd, nullptr, nullptr);
        inlets_.push_back(inlet);
    }
    for (int i = 0; i < signal_outlets; ++i)
        outlet_new(object, &s_signal);
    for (int i = 0; i < outlets; ++i)
        outlets_.push_back(outlet_new(object, &s_anything));
    attribute_outlet_ = outlet_new(object, &s_anything);
    outlet_count_ = outlets;
}

void Box::deliver(int outlet, Message &message) {
    if (!owner_ || outlet > outlet_count_)
        return;
    if (t_outlet *to = outlet ? outlets_[static_cast<size_t>(outlet - 1)] : attribute_outlet_)
        message.to_outlet(to);
}

void Box::send(int outlet, Message message) {
    if (on_pd_thread())
        deliver(outlet, message);
    else
        run_later([self = shared_from_this(), outlet, message = std::move(message)]() mutable {
            self->deliver(outlet, message);
        });
}

void Box::send_to_canvas(Message message) {
    message.promote_selector();
    const bool deletes = message.may_delete();
    run_message(deletes, [self = shared_from_this(), message = std::move(message)]() mutable {
        if (self->owner_ && self->canvas_)
            message.to_receiver(reinterpret_cast<t_pd *>(self->canvas_));
    });
}

std::string Box::folder() {
    if (owner_ && canvas_ && on_pd_thread())
        folder_ = canvas_getdir(canvas_)->s_name;
    return folder_;
}

std::vector<std::string> Box::folders() {
    std::vector<std::string> found{folder()};
    if (!owner_)
        return found;
    for (t_canvas *canvas = canvas_; canvas; canvas = canvas->gl_owner) {
        const char *folder = canvas_getdir(canvas)->s_name;
        if (found.back() != folder)
            found.push_back(folder);
    }
    return found;
}

std::string Box::window() const {
    if (!owner_ || !canvas_)
        return "";
    const t_canvas *top = canvas_;
    while (top->gl_owner)
        top = top->gl_owner;
    char name[40];
    snprintf(name, sizeof name, ".x%lx", static_cast<unsigned long>(reinterpret_cast<t_int>(top)));
    return name;
}

std::string Box::find(const std::string &name, const std::string &extension) const {
    char folder[MAXPDSTRING];
    char *rest = nullptr;
    if (!owner_ || !canvas_ || name.size() + extension.size() > MAXPDSTRING / 2)
        return "";
    const int file = canvas_open(canvas_, name.c_str(), extension.c_str(), folder, &rest, sizeof folder, 0);
    if (file < 0)
        return "";
    sys_close(file);
    return folder;
}

void Box::message(int inlet, t_symbol *selector, int argc, t_atom *argv) {
    CalledFromPd mark;
    Gil gil;
    // Pd's [route] hands lists and pointers on without a selector.
    if (!selector)
        selector = argc == 1 && argv[0].a_type == A_POINTER ? &s_pointer : &s_list;
    report_errors(shared_from_this(), selector->s_name, [&] {
        if (inlet == 0)
            control(selector, argc, argv);
        else if (instance && !instance.is_none())
            dispatch(shared_from_this(), inlet, selector, argc, argv);
        else
            forward(inlet, selector, argc, argv);
    });
}

void Box::control(t_symbol *selector, int argc, t_atom *argv) {
    if (controller)
        controller.attr("on_control_message")(symbol(selector), to_list(argc, argv));
}

void Box::forward(int inlet, t_symbol *selector, int argc, t_atom *argv) {
    if (controller)
        controller.attr("on_message")(inlet, symbol(selector), to_list(argc, argv));
}

void Box::remove() {
    {
        Gil gil;
        report_errors(shared_from_this(), "deletion", [this] {
            if (controller)
                controller.attr("on_deleted")();
        });
        owner_ = nullptr;
        signals_.reset();
        instance = py::object();
        controller = py::object();
    }
    for (t_pyinlet *inlet : inlets_)
        pd_free(&inlet->pd);
    inlets_.clear();
}

}  // namespace pyext
