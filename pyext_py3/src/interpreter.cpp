// Starting the Python interpreter, and the Python modules that are embedded into this library. Pd's thread,
// when Pd loads the library.

#include "interpreter.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pybind11/eval.h>
#include <sched.h>
#include <unistd.h>

#include <stdexcept>

#include "module.h"
#include "pd.h"
#include "python.h"

#ifndef PYEXT_PYTHON
#error "PYEXT_PYTHON must name the Python interpreter that is embedded (see the Makefile)"
#endif
#ifndef PYEXT_MODULES
#error "PYEXT_MODULES(X) must be X(name) for each src/_pyext/name.py (see the Makefile)"
#endif

// Python sources are embedded so that none can be missing, nor shadowed by another file.
// clang-format off
#define EMBED(label, file)                        \
    asm(".pushsection .rodata\n" #label ":\n"     \
        ".incbin \"" file "\"\n"                  \
        ".byte 0\n"                               \
        ".popsection\n");                         \
    extern "C" const char label[];
// clang-format on
#define EMBED_SUBMODULE(name) EMBED(pyext_source_of_##name, "src/_pyext/" #name ".py")
EMBED(pyext_source, "src/pyext.py")
PYEXT_MODULES(EMBED_SUBMODULE)

namespace pyext {

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

// Where Pd runs at real-time priority, the threads of scripts and the processes that they start must not.
void keep_priority_from_threads() {
    sched_param priority{};
    if (sched_getparam(0, &priority) == 0)
        sched_setscheduler(0, sched_getscheduler(0) | SCHED_RESET_ON_FORK, &priority);
}

// Memory of a sound goes back to the system when it is freed. Otherwise the C library raises this limit to
// the largest sound that was freed, and each thread then keeps what is smaller, in pieces.
void give_memory_back() { mallopt(M_MMAP_THRESHOLD, 128 * 1024); }

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

py::dict embedded_sources() {
    py::dict sources;
    sources["pyext"] = py::str(pyext_source);
#define ADD_SOURCE(name) sources["_pyext." #name] = py::str(pyext_source_of_##name);
    PYEXT_MODULES(ADD_SOURCE)
#undef ADD_SOURCE
    return sources;
}

void import_embedded_modules() {
    auto module = py::module_::create_extension_module("_pyext", nullptr, new py::module_::module_def);
    define_module(module);
    module.attr("__path__") = py::list();  // it is a package, whose other modules are the embedded ones
    py::module_::import("sys").attr("modules")["_pyext"] = module;
    py::dict importer;
    importer["__name__"] = "_pyext.importer";
    py::exec(py::str(pyext_source_of_importer), importer);
    importer["install"](embedded_sources());
    py::module_::import("pyext");
    py::module_::import("_pyext.entry").attr("start")(library_folder());
}

}  // namespace

std::string library_folder() {
    const char *file = library().dli_fname;
    std::string path = file ? file : "";
    return path.substr(0, path.rfind('/'));
}

void start_python() {
    keep_priority_from_threads();
    give_memory_back();
    const bool is_first = !Py_IsInitialized();
    if (is_first) {
        // Extension modules look for Python's own symbols in the process.
        Dl_info python{};
        if (dladdr(reinterpret_cast<const void *>(&Py_IsInitialized), &python) && python.dli_fname)
            dlopen(python.dli_fname, RTLD_LAZY | RTLD_GLOBAL | RTLD_NOLOAD);
        initialise();
    }
    try {
        Gil gil;
        import_embedded_modules();
    } catch (const std::exception &error) {
        throw std::runtime_error(std::string("the embedded Python modules do not start: ") + error.what());
    }
    if (is_first)
        PyEval_SaveThread();
}

}  // namespace pyext
