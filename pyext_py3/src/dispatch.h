// Which method of a user's object a message calls.
#pragma once

#include "box.h"

namespace pyext {

// Calls the first method that exists, of: tag_N, _anything_N, tag_, _anything_ (the last two take N first).
// A whole list of one or no element also counts as float, symbol or bang, and a float as int.
void dispatch(const BoxPtr &box, int inlet, t_symbol *selector, int argc, t_atom *argv);

// The selector as Symbol, unless the values speak for themselves (float, int, symbol, list, pointer).
bool names_itself(const t_symbol *selector);

}  // namespace pyext
