#include "arrays.h"

#include <algorithm>
#include <string>

#include "loans.h"
#include "pd.h"
#include "queue.h"

namespace pyext {

namespace {

// How much of a large array is copied in one go: well under a millisecond.
constexpr long chunk_length = 32768;
constexpr double patience_s = 10.;

// On Pd's thread now; from elsewhere when Pd comes round, with the interpreter lock released meanwhile.
void run_for_answer(Job job) {
    if (on_pd_thread()) {
        job();
        return;
    }
    bool answered;
    {
        py::gil_scoped_release unlocked;
        answered = run_and_wait(std::move(job), patience_s);
    }
    if (!answered) {
        PyErr_SetString(PyExc_TimeoutError, "Pd did not come round to its arrays within 10 seconds");
        throw py::error_already_set();
    }
}

// An array may be read and written in the audio routine, too, as it is Pd's thread; not resized.
bool within_reach() { return on_pd_thread() || in_audio_turn(); }

long array_length(const std::string &name) {
    if (within_reach())
        return find_samples(gensym(name.c_str())).count;
    auto count = std::make_shared<long>(-1);
    run_for_answer([name, count] { *count = find_samples(gensym(name.c_str())).count; });
    return *count;
}

// The memory of a contiguous float32 numpy array, safe to hold where Python's lock is not.
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
using Copy = void (*)(t_word *words, long step, float *floats, long count);

void copy_in(t_word *words, long step, float *floats, long count) {
    for (long i = 0; i < count; ++i)
        words[i * step].w_float = floats[i];
}

void copy_out(t_word *words, long step, float *floats, long count) {
    for (long i = 0; i < count; ++i)
        floats[i] = words[i * step].w_float;
}

// Where `floats` lie in the array: sample `begin + i * step` for each i. `moved` stays below the count when
// the array has become too short.
struct Transfer {
    std::string name;
    long begin, step;
    FloatsPtr floats;
    Copy copy;
    long moved = 0;

    void chunk(long first, long count) {
        const Samples samples = find_samples(gensym(name.c_str()));
        count = std::min(count, inside(samples.count) - first);
        if (count <= 0)
            return;
        copy(samples.words + begin + first * step, step, floats->data() + first, count);
        moved += count;
    }

    // How many samples from the first on lie within an array of this length.
    long inside(long length) const {
        if (begin < 0 || begin >= length)
            return 0;
        return step > 0 ? (length - 1 - begin) / step + 1 : begin / -step + 1;
    }
};

long transfer(const std::string &name, long begin, long step, py::handle floats, bool writing) {
    auto one = std::make_shared<Transfer>(Transfer{
        name, begin, step, std::make_shared<Floats>(floats, !writing), writing ? copy_in : copy_out});
    const long count = one->floats->count();
    if (within_reach()) {
        one->chunk(0, count);
        return one->moved;
    }
    long first = 0;
    for (; count - first > chunk_length; first += chunk_length)
        run_later([one, first] { one->chunk(first, chunk_length); });
    run_for_answer([one, first, count] { one->chunk(first, count - first); });
    return one->moved;
}

void resize_now(const Samples &samples, long length) {
    settle_loans();
    garray_resize_long(samples.array, length);
}

bool resize(const std::string &name, long length) {
    auto found = std::make_shared<bool>(false);
    run_for_answer([name, length, found] {
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

// What a numpy view stands on.
struct View {
    LoanPtr loan;

    py::buffer_info memory() const {
        return py::buffer_info(&loan->words->w_float, sizeof(t_float), "f", 1, {loan->count},
                               {static_cast<py::ssize_t>(sizeof(t_word))});
    }
};

// Pd's thread.
py::object view(const std::string &name) {
    LoanPtr loan = borrow(gensym(name.c_str()));
    return loan ? py::cast(View{std::move(loan)}) : py::object(py::none());
}

// Lets memoryview and others read a Buffer (a class of the Python half) as they read its view.
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

void define_arrays(py::module_ &host) {
    py::class_<View>(host, "View", py::buffer_protocol()).def_buffer(&View::memory);
    host.def("array_view", view);
    host.def("add_buffer_protocol", add_buffer_protocol);
    host.def("array_length", array_length);
    host.def("array_read", [](const std::string &name, long begin, long step, py::object floats) {
        return transfer(name, begin, step, floats, false);
    });
    host.def("array_write", [](const std::string &name, long begin, long step, py::object floats) {
        return transfer(name, begin, step, floats, true);
    });
    host.def("array_resize", resize);
    host.def("array_redraw", redraw);
}

}  // namespace pyext
