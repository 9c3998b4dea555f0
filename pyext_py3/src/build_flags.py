"""Prints the compiler's or the linker's flags for embedding the Python that runs this file."""

import os
import sys
import sysconfig


def compile_flags():
    folders = [sysconfig.get_path("include"), sysconfig.get_path("platinclude")]
    try:
        import pybind11

        folders.insert(0, pybind11.get_include())
    except ImportError:
        pass  # then pybind11 is the system's, in the compiler's own search path
    return [f"-isystem {folder}" for folder in dict.fromkeys(folders)]


def link_flags():
    folder = sysconfig.get_config_var("LIBDIR")
    name = f"python{sysconfig.get_config_var('LDVERSION')}"
    places = (folder, os.path.join(folder, sysconfig.get_config_var("MULTIARCH") or ""))
    if not any(os.path.exists(os.path.join(place, f"lib{name}.so")) for place in places):
        sys.exit(
            f"{sys.executable} has no shared library lib{name}.so in {folder}, which embedding needs: "
            "take a Python that has it (apt install python3-dev; pyenv: PYTHON_CONFIGURE_OPTS=--enable-shared)"
        )
    return [f"-L{folder}", f"-Wl,-rpath,{folder}", f"-l{name}", "-ldl"]


if sys.version_info < (3, 9):  # noqa: UP036 -- make may be given any Python
    sys.exit(f"Python 3.9 or later is needed, {sys.executable} is {sys.version.split()[0]}")
if not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
    sys.exit(f"{sys.executable} has no Python.h: install its headers (apt install python3-dev)")
print(*(compile_flags() if sys.argv[1] == "compile" else link_flags()))
