// Box: what the objects of this library have in common: a Pd object, its inlets and outlets, and the Python
// controller that has the rules. Pd's thread, unless stated otherwise.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pd.h"
#include "python.h"
#include "values.h"

namespace pyext {

class Box;
class Signals;
using BoxPtr = std::shared_ptr<Box>;

// The part that Pd allocates and frees.
struct t_pybox {
    t_object object;
    t_float scalar;  // what Pd puts into a signal inlet without a signal
    BoxPtr *box;
};

struct t_pyinlet {
    t_pd pd;
    t_pybox *owner;
    int number;
};

// Lives as long as Pd or Python refers to it. `owner()` is null once the Pd object has been deleted; methods
// that send something to Pd have no effect after that.
class Box : public std::enable_shared_from_this<Box> {
public:
    Box(t_pybox *owner, std::string kind);
    ~Box();

    t_pybox *owner() const { return owner_; }
    t_canvas *canvas() const { return canvas_; }
    const std::string &kind() const { return kind_; }

    // Makes inlets and outlets, once; `inlets` and `outlets` count those for messages.
    void make_ports(int inlets, int outlets, int signal_inlets, int signal_outlets);
    int outlets() const { return outlet_count_; }

    // Any thread: at once on Pd's, later from another. `outlet` counts message outlets from 1; 0 is the
    // attribute outlet.
    void send(int outlet, Message message);
    void send_to_canvas(Message message);

    // The folder of the patch or abstraction that holds the box. Any thread.
    std::string folder();
    // That folder, and those of the patches around it, the outermost last. Pd's thread.
    std::vector<std::string> folders();
    // Whether the patch that holds this one is itself an object of a patch.
    bool in_abstraction() const { return in_abstraction_; }
    // What the box of the abstraction that holds this one says, or nothing.
    const std::vector<t_atom> &patch_arguments() const { return patch_arguments_; }
    // The receive name of the window in which the box is, or an empty text. Pd's thread.
    std::string window() const;
    // The folder in which Pd's own search finds a file, or an empty text.
    std::string find(const std::string &name, const std::string &extension) const;

    // From Pd.
    void message(int inlet, t_symbol *selector, int argc, t_atom *argv);
    void remove();
    Signals *signals() const { return signals_.get(); }

    // What Python sets.
    py::object controller;
    py::object instance;  // of the user's class; None for the other kinds
    long detach = 0;
    bool respond = false;

private:
    void deliver(int outlet, Message &message);
    void control(t_symbol *selector, int argc, t_atom *argv);
    void forward(int inlet, t_symbol *selector, int argc, t_atom *argv);

    t_pybox *owner_;
    std::string kind_;
    t_canvas *canvas_;
    std::string folder_;
    bool in_abstraction_ = false;
    std::vector<t_atom> patch_arguments_;
    std::vector<t_pyinlet *> inlets_;
    std::vector<t_outlet *> outlets_;
    t_outlet *attribute_outlet_ = nullptr;
    int outlet_count_ = 0;
    std::unique_ptr<Signals> signals_;
};

// Registers all classes with Pd.
void define_classes();

}  // namespace pyext
