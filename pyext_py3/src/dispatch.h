// The choice of the method that a message calls. Pd's thread.
#pragma once

#include "box.h"

namespace pyext {

// Calls the first method that exists, of tag_N, _anything_N, tag_ and _anything_ (the last two take N first).
// A whole list of one or no element also counts as float, symbol or bang, and a float as int.
void dispatch(const BoxPtr &box, int inlet, t_symbol *selector, int argc, t_atom *argv);

// Whether the selector only names the type of the values (float, int, symbol, list, pointer) and is no part
// of the message.
bool is_type_selector(const t_symbol *selector);

}  // namespace pyext
