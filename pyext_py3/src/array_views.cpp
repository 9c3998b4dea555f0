// Views of Pd arrays: pinning, copies, unpinning (see array_views.h). Pd's thread.

#include "array_views.h"

#include <algorithm>
#include <cstring>

extern "C" {
#include <g_canvas.h>
int ugen_getsortno(void);
}

namespace pyext {

namespace {

std::vector<std::weak_ptr<ArrayView>> &all_views() {
    static auto *views = new std::vector<std::weak_ptr<ArrayView>>;
    return *views;
}

// The views that are held and pinned to Pd's memory; forgets all others.
std::vector<ArrayViewPtr> pinned_views() {
    std::vector<ArrayViewPtr> pinned;
    for (const auto &weak : all_views())
        if (ArrayViewPtr view = weak.lock(); view && view->pinned)
            pinned.push_back(std::move(view));
    all_views().assign(pinned.begin(), pinned.end());
    return pinned;
}

void set_memory(t_garray *array, t_word *words) {
    t_array *inner = garray_getarray(array);
    inner->a_vec = reinterpret_cast<char *>(words);
    inner->a_valid = ++glist_valid;
}

t_word *copy_of(const ArrayView &view) {
    auto *words = static_cast<t_word *>(getbytes(view.bytes()));
    std::memcpy(words, view.words, view.bytes());
    return words;
}

}  // namespace

Samples find_samples(t_symbol *name) {
    Samples found;
    found.array = reinterpret_cast<t_garray *>(pd_findbyclass(name, garray_class));
    if (found.array && !garray_getfloatwords(found.array, &found.count, &found.words))
        found.count = -1;
    return found;
}

ArrayView::~ArrayView() {
    if (!pinned)
        freebytes(words, bytes());
}

ArrayViewPtr view_array(t_symbol *name) {
    const Samples samples = find_samples(name);
    if (samples.count < 0)
        return nullptr;
    for (ArrayViewPtr &view : pinned_views())
        if (view->words == samples.words && view->count == samples.count)
            return std::move(view);
    auto view = std::make_shared<ArrayView>(name, samples);
    all_views().push_back(view);
    return view;
}

void unpin_views() {
    if (all_views().empty())
        return;
    const auto pinned = pinned_views();
    for (const ArrayViewPtr &view : pinned) {
        set_memory(view->array, copy_of(*view));
        view->pinned = false;
    }
    all_views().clear();
    if (!pinned.empty())
        canvas_update_dsp();
}

ArraysReleasedToPd::ArraysReleasedToPd() {
    if (all_views().empty())
        return;
    dsp_graph_ = ugen_getsortno();
    for (ArrayViewPtr &view : pinned_views()) {
        Copy copy{view, copy_of(*view)};
        set_memory(view->array, copy.words);
        copies_.push_back(std::move(copy));
    }
    all_views().clear();
}

ArraysReleasedToPd::~ArraysReleasedToPd() {
    for (const Copy &copy : copies_)
        restore(copy);
    // DSP objects that looked up an array meanwhile have the address of its copy.
    if (!copies_.empty() && ugen_getsortno() != dsp_graph_)
        canvas_update_dsp();
}

// Moves the samples back to where the view is; unpins the view if Pd has moved or freed the copy.
void ArraysReleasedToPd::restore(const Copy &copy) {
    ArrayView &view = *copy.view;
    const Samples now = find_samples(view.name);
    if (now.array != view.array || now.words != copy.words || now.count != view.count) {
        view.pinned = false;
        return;
    }
    std::memcpy(view.words, copy.words, view.bytes());
    set_memory(view.array, view.words);
    all_views().push_back(copy.view);
    for (const ArrayViewPtr &nested : pinned_views())
        if (nested->words == copy.words) {
            nested->pinned = false;
            return;
        }
    freebytes(copy.words, view.bytes());
}

}  // namespace pyext
