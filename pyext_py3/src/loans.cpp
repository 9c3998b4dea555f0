#include "loans.h"

#include <algorithm>
#include <cstring>

extern "C" {
#include <g_canvas.h>
int ugen_getsortno(void);
}

namespace pyext {

namespace {

std::vector<std::weak_ptr<Loan>> &loans() {
    static auto *all = new std::vector<std::weak_ptr<Loan>>;
    return *all;
}

// The loans of Pd's memory that someone still holds.
std::vector<LoanPtr> open_loans() {
    std::vector<LoanPtr> open;
    for (const auto &weak : loans())
        if (LoanPtr loan = weak.lock(); loan && !loan->owned)
            open.push_back(std::move(loan));
    loans().assign(open.begin(), open.end());
    return open;
}

void give_memory(t_garray *array, t_word *words) {
    t_array *inner = garray_getarray(array);
    inner->a_vec = reinterpret_cast<char *>(words);
    inner->a_valid = ++glist_valid;
}

t_word *copy_of(const Loan &loan) {
    auto *words = static_cast<t_word *>(getbytes(loan.bytes()));
    std::memcpy(words, loan.words, loan.bytes());
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

Loan::~Loan() {
    if (owned)
        freebytes(words, bytes());
}

LoanPtr borrow(t_symbol *name) {
    const Samples samples = find_samples(name);
    if (samples.count < 0)
        return nullptr;
    for (LoanPtr &loan : open_loans())
        if (loan->words == samples.words && loan->count == samples.count)
            return std::move(loan);
    auto loan = std::make_shared<Loan>(name, samples);
    loans().push_back(loan);
    return loan;
}

void settle_loans() {
    if (loans().empty())
        return;
    const auto open = open_loans();
    for (const LoanPtr &loan : open) {
        give_memory(loan->array, copy_of(*loan));
        loan->owned = true;
    }
    loans().clear();
    if (!open.empty())
        canvas_update_dsp();
}

PdsTurn::PdsTurn() {
    if (loans().empty())
        return;
    dsp_graph_ = ugen_getsortno();
    for (LoanPtr &loan : open_loans()) {
        StandIn stand_in{loan, copy_of(*loan)};
        give_memory(loan->array, stand_in.words);
        stand_ins_.push_back(std::move(stand_in));
    }
    loans().clear();
}

PdsTurn::~PdsTurn() {
    for (const StandIn &stand_in : stand_ins_)
        take_back(stand_in);
    // Whoever looked an array up meanwhile, to play it, knows the stand-in.
    if (!stand_ins_.empty() && ugen_getsortno() != dsp_graph_)
        canvas_update_dsp();
}

void PdsTurn::take_back(const StandIn &stand_in) {
    Loan &loan = *stand_in.loan;
    const Samples now = find_samples(loan.name);
    if (now.array != loan.array || now.words != stand_in.words || now.count != loan.count) {
        loan.owned = true;  // Pd has moved or freed the stand-in
        return;
    }
    std::memcpy(loan.words, stand_in.words, loan.bytes());
    give_memory(loan.array, loan.words);
    loans().push_back(stand_in.loan);
    for (const LoanPtr &nested : open_loans())
        if (nested->words == stand_in.words) {
            nested->owned = true;
            return;
        }
    freebytes(stand_in.words, loan.bytes());
}

}  // namespace pyext
