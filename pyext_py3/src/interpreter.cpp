#include "interpreter.h"

#include <dlfcn.h>
#include <sched.h>
#include <unistd.h>

#include <stdexcept>

#include "pd.h"
#include "python.h"

#ifndef PYEXT_PYTHON
#error "PYEXT_PYTHON must name the Python interpreter that is embedded (see the Makefile)"
#endif

// The Python half of the library, placed into the binary so that nothing can be lost or shadowed.
#define PYTHON_HALF(X) \
    X(console)         \
    X(symbol) X(threads) X(arrays) X(instance) X(modules) X(boxes) X(ext) X(function) X(method) X(pyext)
#define EMBED(name)                   \
    asm(".pushsection .rodata\n"      \
        "pyext_half_" #name           \
        ":\n"                         \
        ".incbin \"src/_pyext/" #name \
        ".py\"\n"                     \
        ".byte 0\n"                   \
        ".popsection\n");             \
    extern "C" const char pyext_half_##name[];
PYTHON_HALF(EMBED)
#undef EMBED

namespace pyext {

void define_host(py::module_ &host);

namespace {

Dl_info library() {
    Dl_info info{};
    dladdr(reinterpret_cast<const void *>(&library_folder), &info);
    return info;
}

void check(const PyStatus &status) {
    if (PyStatus_Exception(status))
        throw std::runtime_error(std::string("Python does not start: ") +
                                 (status.err_msg ? status.err_msg : "?"));
}

// Where Pd runs at real-time priority, the threads of scripts and what they start shall give way to it.
void keep_priority_from_threads() {
    sched_param priority{};
    if (sched_getparam(0, &priority) == 0)
        sched_setscheduler(0, sched_getscheduler(0) | SCHED_RESET_ON_FORK, &priority);
}

// `sys.executable` must start a Python with this environment, whatever program embeds it; the name also leads
// Python to its standard library, and to a virtual environment's packages.
void initialise() {
    if (access(PYEXT_PYTHON, X_OK) != 0)
        throw std::runtime_error("this external was built for the Python " PYEXT_PYTHON
                                 ", which is not there: run make again with PYTHON=/path/to/python3");
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    config.install_signal_handlers = 0;
    config.parse_argv = 0;
    PyStatus status = PyConfig_SetBytesString(&config, &config.program_name, PYEXT_PYTHON);
    if (!PyStatus_Exception(status))
        status = PyConfig_SetBytesString(&config, &config.executable, PYEXT_PYTHON);
    char name[] = "pyext";
    char *argv[] = {name};
    if (!PyStatus_Exception(status))
        status = PyConfig_SetBytesArgv(&config, 1, argv);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    check(status);
}

py::module_ new_module(const char *name) {
    return py::module_::create_extension_module(name, nullptr, new py::module_::module_def);
}

struct Source {
    const char *name;
    const char *text;
};

#define SOURCE(name) {#name, pyext_half_##name},
constexpr Source sources[] = {PYTHON_HALF(SOURCE)};
#undef SOURCE

// Runs one embedded file as the module _pyext.NAME; the last, pyext, is the one that scripts import.
py::object run_source(const Source &source) {
    const std::string name = source.name;
    const std::string module_name = name == "pyext" ? name : "_pyext." + name;
    auto module = py::module_::import("types").attr("ModuleType")(module_name);
    py::module_::import("sys").attr("modules")[py::str(module_name)] = module;
    auto builtins = py::module_::import("builtins");
    auto code = builtins.attr("compile")(py::str(source.text), "<pyext/" + name + ".py>", "exec");
    builtins.attr("exec")(code, module.attr("__dict__"));
    return module;
}

void import_python_half() {
    auto host = new_module("_pyext");
    define_host(host);
    py::module_::import("sys").attr("modules")["_pyext"] = host;
    py::object last;
    for (const Source &source : sources) {
        last = run_source(source);
        host.attr(source.name) = last;
    }
    last.attr("_start")(library_folder());
}

}  // namespace

std::string library_folder() {
    const char *file = library().dli_fname;
    std::string path = file ? file : "";
    return path.substr(0, path.rfind('/'));
}

void start_python() {
    keep_priority_from_threads();
    const bool ours = !Py_IsInitialized();
    if (ours) {
        // Extension modules look for Python's own symbols in the process.
        Dl_info python{};
        if (dladdr(reinterpret_cast<const void *>(&Py_IsInitialized), &python) && python.dli_fname)
            dlopen(python.dli_fname, RTLD_LAZY | RTLD_GLOBAL | RTLD_NOLOAD);
        initialise();
    }
    try {
        Gil gil;
        import_python_half();
    } catch (const std::exception &error) {
        throw std::runtime_error(std::string("the Python half does not start: ") + error.what());
    }
    if (ours)
        PyEval_SaveThread();
}

}  // namespace pyext
