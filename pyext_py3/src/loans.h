// Views of Pd arrays that Python holds, and what keeps them from dangling.
//
// Pd moves or frees an array's memory without telling anyone. So a view borrows the memory only while Pd
// cannot act: before Pd gets a turn in the middle of a method, the array is given a copy to work on for that
// turn; when the method ends and a view is still held, the array keeps the copy and the view keeps the old
// memory. Where nobody holds a view, which is the rule, all this costs nothing.
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

// Pd's thread.
Samples find_samples(t_symbol *name);

struct Loan {
    Loan(t_symbol *of, const Samples &samples)
        : name(of), array(samples.array), words(samples.words), count(samples.count) {}
    ~Loan();
    Loan(const Loan &) = delete;
    Loan &operator=(const Loan &) = delete;

    size_t bytes() const { return static_cast<size_t>(count) * sizeof(t_word); }

    t_symbol *name;
    t_garray *array;
    t_word *words;
    int count;
    bool owned = false;  // the memory is no longer Pd's but the loan's
};

using LoanPtr = std::shared_ptr<Loan>;

// The array's memory, on loan for as long as the result lives; null when there is no such array. Pd's thread.
LoanPtr borrow(t_symbol *name);

// Gives each lent array new memory, and the old to those who hold it. Pd's thread.
void settle_loans();

// While it lives Pd may do what it likes with its arrays. Made on Pd's thread before Pd is called.
class PdsTurn {
public:
    PdsTurn();
    ~PdsTurn();
    PdsTurn(const PdsTurn &) = delete;
    PdsTurn &operator=(const PdsTurn &) = delete;

private:
    struct StandIn {
        LoanPtr loan;
        t_word *words;
    };
    static void take_back(const StandIn &stand_in);

    std::vector<StandIn> stand_ins_;
    int dsp_graph_ = 0;
};

}  // namespace pyext
