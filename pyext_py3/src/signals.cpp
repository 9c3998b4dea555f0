// The audio routine of [pyext~], which calls a script's _signal (see signals.h). Pd's thread.

#include "signals.h"

#include <cstring>

#include "box.h"
#include "console.h"

extern "C" int ugen_getsortno(void);

namespace pyext {

namespace {

// The interpreter lock, taken once for a group of objects that Pd runs one after the other. A type with a
// destructor would take memory in the first block.
thread_local bool group_is_locked;
thread_local PyGILState_STATE group_lock;

void lock_group() {
    if (!group_is_locked)
        group_lock = PyGILState_Ensure();
    group_is_locked = true;
}

void unlock_group() {
    if (group_is_locked)
        PyGILState_Release(group_lock);
    group_is_locked = false;
}

t_sample *memory_of(py::handle array) {
    Py_buffer view;
    if (PyObject_GetBuffer(array.ptr(), &view, PyBUF_WRITABLE) != 0)
        throw py::error_already_set();
    void *memory = view.buf;  // stays valid: the array owns it and is never resized
    PyBuffer_Release(&view);
    return static_cast<t_sample *>(memory);
}

}  // namespace

py::object Signals::array_of(const std::vector<Channel> &channels, int index) {
    if (index < 0 || static_cast<size_t>(index) >= channels.size())
        return py::none();
    return channels[static_cast<size_t>(index)].array;
}

void Signals::attach(std::vector<Channel> &channels, t_signal **blocks, int count) {
    channels.resize(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) {
        Channel &channel = channels[static_cast<size_t>(i)];
        channel.pd = blocks[i]->s_vec;
        channel.array = box_.controller.attr("on_new_block")(length_);
        channel.python = memory_of(channel.array);
    }
}

void Signals::find_method() {
    method_ = py::object();
    if (!box_.instance.is(instance_))
        failed_ = false;
    instance_ = box_.instance;
    InAudioRoutine audio;  // Pd may be building its DSP graph
    py::object method = box_.controller.attr("on_dsp_start")();
    if (!method.is_none())
        method_ = method;
}

void Signals::start(t_signal **blocks) {
    if (inlets_ + outlets_ == 0)
        return;
    length_ = blocks[0]->s_n;
    Gil gil;
    report_errors(box_.shared_from_this(), "_dsp", [&] {
        attach(inputs_, blocks, inlets_);
        attach(outputs_, blocks + inlets_, outlets_);
        find_method();
    });
    join_group();
    dsp_add(perform, 1, this);
}

// Objects in one patch that follow each other in the DSP graph are a group: Pd runs all of them or, where the
// patch is switched off, none.
void Signals::join_group() {
    static int graph;
    static t_canvas *patch;
    static Signals *last;
    if (graph == ugen_getsortno() && patch == box_.canvas())
        last->ends_group_ = false;
    graph = ugen_getsortno();
    patch = box_.canvas();
    last = this;
    ends_group_ = true;
}

void Signals::renew() {
    if (length_ > 0)
        find_method();
}

t_int *Signals::perform(t_int *w) {
    auto *self = reinterpret_cast<Signals *>(w[1]);
    if (self->method_ && self->enabled_ && !self->failed_) {
        lock_group();
        self->process();
    } else {
        self->silence();
    }
    if (self->ends_group_)
        unlock_group();
    return w + 2;
}

// Reads all inlets before it writes any outlet: Pd lets them share memory.
void Signals::process() {
    const size_t bytes = static_cast<size_t>(length_) * sizeof(t_sample);
    for (Channel &channel : inputs_)
        std::memcpy(channel.python, channel.pd, bytes);
    for (Channel &channel : outputs_)
        std::memset(channel.python, 0, bytes);  // what the method leaves out is silent
    if (!call_method())
        return silence();
    for (Channel &channel : outputs_)
        std::memcpy(channel.pd, channel.python, bytes);
}

void Signals::silence() {
    for (Channel &channel : outputs_)
        std::memset(channel.pd, 0, static_cast<size_t>(length_) * sizeof(t_sample));
}

bool Signals::call_method() {
    CalledFromPd mark;
    InAudioRoutine audio;
    PyObject *result = PyObject_CallNoArgs(method_.ptr());
    if (result) {
        Py_DECREF(result);
        return true;
    }
    report_error(box_.shared_from_this(), "_signal (silent until reload or enable 1)");
    failed_ = true;
    return false;
}

void Signals::enable(bool on) {
    enabled_ = on;
    failed_ = false;
}

}  // namespace pyext
