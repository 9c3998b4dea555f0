// Pd's console (see console.h). Other threads than Pd's use the queue.

#include "console.h"

#include "python.h"
#include "queue.h"
#include "values.h"

namespace pyext {

namespace {

// Pd formats each piece into 1000 bytes.
constexpr size_t piece_length = 900;

size_t piece_end(const std::string &line, size_t begin) {
    size_t end = begin + piece_length;
    if (end >= line.size())
        return line.size();
    while (end > begin + 1 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80)
        --end;
    return end;
}

void post_line(const std::string &line) {
    for (size_t begin = 0; begin < line.size();) {
        const size_t end = piece_end(line, begin);
        startpost("%s", line.substr(begin, end - begin).c_str());
        begin = end;
    }
    endpost();
}

void post_error(const BoxPtr &box, const std::string &line) {
    const size_t end = piece_end(line, 0);
    pd_error(box ? box->owner() : nullptr, "%s", line.substr(0, end).c_str());
    if (end < line.size())
        post_line(line.substr(end));
}

}  // namespace

void print_line(const std::string &line) {
    if (on_pd_thread())
        post_line(line);
    else
        run_later([line] { post_line(line); });
}

void print_error(const BoxPtr &box, const std::string &line) {
    if (on_pd_thread())
        post_error(box, line);
    else
        run_later([box, line] { post_error(box, line); });
}

void report_error(const BoxPtr &box, const std::string &action) {
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback)
        PyException_SetTraceback(value, traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    auto exception = py::reinterpret_steal<py::object>(value);
    try {
        py::module_::import("_pyext.console").attr("report")(box, to_text(action.c_str()), exception);
    } catch (const std::exception &) {
        // The report itself may fail, for example by the same RecursionError.
        print_error(box, action + ": " + Py_TYPE(exception.ptr())->tp_name);
    }
}

}  // namespace pyext
