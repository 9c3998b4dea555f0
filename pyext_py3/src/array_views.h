// Views of Pd arrays that Python holds, without copies. Pd's thread.
//
// Pd moves or frees an array's memory without notice. So a view is pinned to Pd's memory only while Pd cannot
// act: when a method calls Pd, each viewed array works on a copy until Pd returns (ArraysReleasedToPd); when
// the method ends and a view is still held, the array keeps a copy and the view keeps the old memory
// (unpin_views). Where no view is held, which is the rule, all this costs nothing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pd.h"

namespace pyext {

struct Samples {
    t_garray *array = nullptr;
    t_word *words = nullptr;
    int count = -1;  // -1: there is no such array
};

Samples find_samples(t_symbol *name);

struct ArrayView {
    ArrayView(t_symbol *of, const Samples &samples)
        : name(of), array(samples.array), words(samples.words), count(samples.count) {}
    ~ArrayView();
    ArrayView(const ArrayView &) = delete;
    ArrayView &operator=(const ArrayView &) = delete;

    size_t bytes() const { return static_cast<size_t>(count) * sizeof(t_word); }

    t_symbol *name;
    t_garray *array;
    t_word *words;
    int count;
    bool pinned = true;  // to Pd's memory; otherwise the memory belongs to the view
};

using ArrayViewPtr = std::shared_ptr<ArrayView>;

// Returns a view of the array, pinned to Pd's memory; null when there is no such array.
ArrayViewPtr view_array(t_symbol *name);

// Gives each viewed array new memory with the same samples, and leaves the old memory to the view.
void unpin_views();

// While it lives Pd may resize and delete its arrays. Made before Pd is called in the middle of a method.
class ArraysReleasedToPd {
public:
    ArraysReleasedToPd();
    ~ArraysReleasedToPd();
    ArraysReleasedToPd(const ArraysReleasedToPd &) = delete;
    ArraysReleasedToPd &operator=(const ArraysReleasedToPd &) = delete;

private:
    struct Copy {
        ArrayViewPtr view;
        t_word *words;  // the array works on them meanwhile
    };
    static void restore(const Copy &copy);

    std::vector<Copy> copies_;
    int dsp_graph_ = 0;
};

}  // namespace pyext
