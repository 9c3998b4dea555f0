// Reading, writing, resizing and viewing Pd's arrays (see arrays.h). Other threads than Pd's use the queue.

#include "arrays.h"

#include <algorithm>
#include <string>

#include "array_views.h"
#include "pd.h"
#include "queue.h"

namespace pyext {

namespace {

// How much of a large array is copied by one job: well under a millisecond.
constexpr long chunk_length = 32768;
constexpr double timeout_s = 10.;

// Runs a job on Pd's thread and waits for it, with the interpreter lock released meanwhile.
void run_on_pd_thread(Job job) {
    if (on_pd_thread()) {
        job();
        return;
    }
    bool done;
    {
        py::gil_scoped_release unlocked;
        done = run_and_wait(std::move(job), timeout_s);
    }
    if (!done) {
        PyErr_SetString(PyExc_TimeoutError, "Pd's scheduler did not run within 10 seconds");
        throw py::error_already_set();
    }
}

// Arrays may be read and written in the audio routine, too, as it runs on Pd's thread; not resized.
bool can_access_arrays() { return on_pd_thread() || in_audio_routine(); }

long array_length(const std::string &name) {
    if (can_access_arrays())
        return find_samples(gensym(name.c_str())).count;
    auto count = std::make_shared<long>(-1);
    run_on_pd_thread([name, count] { *count = find_samples(gensym(name.c_str())).count; });
    return *count;
}

// The memory of a contiguous float32 numpy array; may be held without the interpreter lock.
class Floats {
public:
    Floats(py::handle array, bool writable) {
        if (PyObject_GetBuffer(array.ptr(), &view_, writable ? PyBUF_WRITABLE : PyBUF_SIMPLE) != 0)
            throw py::error_already_set();
    }
    ~Floats() {
        Gil gil;
        PyBuffer_Release(&view_);
    }
    Floats(const Floats &) = delete;
    Floats &operator=(const Floats &) = delete;

    float *data() const { return static_cast<float *>(view_.buf); }
    long count() const { return static_cast<long>(view_.len / static_cast<Py_ssize_t>(sizeof(float))); }

private:
    Py_buffer view_;
};

using FloatsPtr = std::shared_ptr<Floats>;
using CopyFunction = void (*)(t_word *words, long step, float *floats, long count);

void copy_in(t_word *words, long step, float *floats, long count) {
    for (long i = 0; i < count; ++i)
        words[i * step].w_float = floats[i];
}

void copy_out(t_word *words, long step, float *floats, long count) {
    for (long i = 0; i < count; ++i)
        floats[i] = words[i * step].w_float;
}

// A copy between `floats` and the samples `begin + i * step` of an array, in chunks. `copied` stays below the
// count when the array has become too short.
struct Transfer {
    std::string name;
    long begin, step;
    FloatsPtr floats;
    CopyFunction copy;
    long copied = 0;

    void copy_chunk(long first, long count) {
        const Samples samples = find_samples(gensym(name.c_str()));
        count = std::min(count, count_within(samples.count) - first);
        if (count <= 0)
            return;
        copy(samples.words + begin + first * step, step, floats->data() + first, count);
        copied += count;
    }

    // How many samples of this transfer lie within an array of this length.
    long count_within(long length) const {
        if (begin < 0 || begin >= length)
            return 0;
        return step > 0 ? (length - 1 - begin) / step + 1 : begin / -step + 1;
    }
};

long transfer(const std::string &name, long begin, long step, py::handle floats, bool writing) {
    auto job = std::make_shared<Transfer>(Transfer{
        name, begin, step, std::make_shared<Floats>(floats, !writing), writing ? copy_in : copy_out});
    const long count = job->floats->count();
    if (can_access_arrays()) {
        job->copy_chunk(0, count);
        return job->copied;
    }
    long first = 0;
    for (; count - first > chunk_length; first += chunk_length)
        run_later([job, first] { job->copy_chunk(first, chunk_length); });
    run_on_pd_thread([job, first, count] { job->copy_chunk(first, count - first); });
    return job->copied;
}

void resize_now(const Samples &samples, long length) {
    unpin_views();
    garray_resize_long(samples.array, length);
}

bool resize(const std::string &name, long length) {
    auto found = std::make_shared<bool>(false);
    run_on_pd_thread([name, length, found] {
        const Samples samples = find_samples(gensym(name.c_str()));
        *found = samples.count >= 0;
        if (*found && samples.count != length)
            resize_now(samples, length);
    });
    return *found;
}

void redraw(const std::string &name) {
    run([name] {
        const Samples samples = find_samples(gensym(name.c_str()));
        if (samples.array)
            garray_redraw(samples.array);
    });
}

// Lets memoryview and others read a Buffer (buffer.py) as they read its view.
int get_buffer(PyObject *buffer, Py_buffer *memory, int flags) {
    memory->obj = nullptr;
    PyObject *view = PyObject_CallMethod(buffer, "_view", nullptr);
    if (!view)
        return -1;
    const int result = PyObject_GetBuffer(view, memory, flags);
    Py_DECREF(view);
    return result;
}

void add_buffer_protocol(py::object type) {
    reinterpret_cast<PyTypeObject *>(type.ptr())->tp_as_buffer->bf_getbuffer = get_buffer;
}

}  // namespace

void define_arrays(py::module_ &module) {
    py::class_<ArrayView, ArrayViewPtr>(module, "ArrayView", py::buffer_protocol())
        .def_buffer([](const ArrayView &view) {
            return py::buffer_info(&view.words->w_float, sizeof(t_float), "f", 1, {view.count},
                                   {static_cast<py::ssize_t>(sizeof(t_word))});
        });
    module.def("array_view", [](const std::string &name) { return view_array(gensym(name.c_str())); });
    module.def("add_buffer_protocol", add_buffer_protocol);
    module.def("array_length", array_length);
    module.def("array_read", [](const std::string &name, long begin, long step, py::object floats) {
        return transfer(name, begin, step, floats, false);
    });
    module.def("array_write", [](const std::string &name, long begin, long step, py::object floats) {
        return transfer(name, begin, step, floats, true);
    });
    module.def("array_resize", resize);
    module.def("array_redraw", redraw);
}

}  // namespace pyext
