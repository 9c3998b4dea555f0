"""Print the flags for embedding the Python that runs this file (command line; the Makefile calls it).

Usage: build_flags.py compile|link
"""

import os
import sys
import sysconfig


def compile_flags():
    """Return the compiler's flags: where the headers of Python and pybind11 are."""
    folders = [sysconfig.get_path("include"), sysconfig.get_path("platinclude")]
    try:
        import pybind11

        folders.insert(0, pybind11.get_include())
    except ImportError:
        pass  # then pybind11 is the system's, in the compiler's own search path
    return [f"-isystem {folder}" for folder in dict.fromkeys(folders)]


def link_flags():
    """Return the linker's flags; exit if Python has no shared library."""
    folder = sysconfig.get_config_var("LIBDIR")
    name = f"python{sysconfig.get_config_var('LDVERSION')}"
    folders = (folder, os.path.join(folder, sysconfig.get_config_var("MULTIARCH") or ""))
    if not any(os.path.exists(os.path.join(one, f"lib{name}.so")) for one in folders):
        sys.exit(
            f"{sys.executable} has no shared library lib{name}.so in {folder}, which embedding needs: "
            "take a Python that has it (apt install python3-dev; pyenv: PYTHON_CONFIGURE_OPTS=--enable-shared)"
        )
    return [f"-L{folder}", f"-Wl,-rpath,{folder}", f"-l{name}", "-ldl"]


def check_python():
    """Exit with one line if this Python cannot be embedded."""
    if sys.version_info < (3, 9):  # noqa: UP036 -- make may be given any Python
        sys.exit(f"Python 3.9 or later is needed, {sys.executable} is {sys.version.split()[0]}")
    if not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
        sys.exit(f"{sys.executable} has no Python.h: install its headers (apt install python3-dev)")


if __name__ == "__main__":
    check_python()
    print(*(compile_flags() if sys.argv[1] == "compile" else link_flags()))
