// Signals: the audio of one [pyext~]. Blocks go to Python and back through arrays that Python owns, so that a
// script may keep them however often Pd rebuilds its DSP graph. Pd's thread.
#pragma once

#include <vector>

#include "pd.h"
#include "python.h"

namespace pyext {

class Box;

class Signals {
public:
    Signals(Box &box, int inlets, int outlets) : box_(box), inlets_(inlets), outlets_(outlets) {}

    // Pd starts its DSP: `blocks` are the signals of the inlets, then of the outlets.
    void start(t_signal **blocks);
    // Looks up the _signal of a new instance, as at a DSP start.
    void renew();
    // Return numpy arrays of one block; None before the first start or beyond the count.
    py::object input(int index) const { return array_of(inputs_, index); }
    py::object output(int index) const { return array_of(outputs_, index); }

    // Off is silence; on also calls a _signal again that has raised.
    void enable(bool on);

private:
    struct Channel {
        t_sample *pd = nullptr;
        py::object array;
        t_sample *python = nullptr;
    };

    static t_int *perform(t_int *w);
    static py::object array_of(const std::vector<Channel> &channels, int index);
    void attach(std::vector<Channel> &channels, t_signal **blocks, int count);
    void find_method();
    void join_group();
    void process();
    void silence();
    bool call_method();

    Box &box_;
    int inlets_, outlets_;
    int length_ = 0;
    std::vector<Channel> inputs_, outputs_;
    bool enabled_ = true;
    bool failed_ = false;
    bool ends_group_ = true;
    py::object method_;    // the instance's _signal, as it was after _dsp
    py::object instance_;  // the one that method_ belongs to
};

}  // namespace pyext
