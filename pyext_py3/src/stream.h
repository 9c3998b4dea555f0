// [pystream~]: audio to a worker process and back, without Python. Pd's thread.
#pragma once

namespace pyext {

// Registers the class with Pd.
void define_stream_class();

}  // namespace pyext
