// [pystream~]: audio to a worker process and back, without Python on the way.
#pragma once

namespace pyext {

// Registers the class with Pd.
void define_stream_class();

}  // namespace pyext
