"""Measure the project's Python code: how long modules and functions are, how branched, and which lines are copies.

    python tests/support/measure_code.py [REVISION ...]

Of each git revision the figures, so that two can be compared; without one those of the files as they are, and what is
over the limits. Runs by hand; tests/unit/test_code_size.py holds the code to the limits.
"""

import ast
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import mean, median

ROOT = Path(__file__).resolve().parents[2]
MODULE_LINES, FUNCTION_LINES, EQUAL_LINES = 400, 50, 10
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def python_files(root=ROOT):
    """The project's Python files: those that git knows or would add."""
    command = ["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    return [root / name for name in sorted(names) if name and (root / name).exists()]


def modules(files):
    """{file: its lines}."""
    return {file: len(file.read_text().splitlines()) for file in files}


def functions(files):
    """{(file, name): its lines, from `def` to the end}; methods as Class.name."""
    found = {}
    for file in files:
        for name, node in _functions(ast.parse(file.read_text()), ""):
            found[file, name] = node.end_lineno - node.lineno + 1
    return found


def _functions(node, prefix):
    for child in ast.iter_child_nodes(node):
        named = isinstance(child, (*FUNCTIONS, ast.ClassDef))
        name = f"{prefix}{child.name}" if named else prefix
        if isinstance(child, FUNCTIONS):
            yield name, child
        yield from _functions(child, f"{name}." if named else prefix)


def equal_runs(files, length=EQUAL_LINES):
    """{(file, other file): the first of their equal lines} where `length` lines in a row are the same in both.

    Blank lines and indentation do not count.
    """
    places = defaultdict(set)
    for file in files:
        lines = [line.strip() for line in file.read_text().splitlines() if line.strip()]
        for start in range(len(lines) - length + 1):
            places["\n".join(lines[start : start + length])].add(file)
    found = {}
    for text, holders in places.items():
        first, *others = sorted(holders)
        for other in others:
            found.setdefault((first, other), text.splitlines()[0])
    return found


def summary(sizes):
    """Count, median, 90th percentile and largest of some {name: lines}, in words."""
    lines, largest = sorted(sizes.values()), max(sizes, key=sizes.get)
    where = " ".join([largest[0].name, largest[1]] if isinstance(largest, tuple) else [largest.name])
    return (
        f"{len(lines)}, median {median(lines):g} lines, 90 % below {lines[len(lines) * 9 // 10]}, "
        f"longest {lines[-1]} ({where})"
    )


def complexity(files):
    """Mean and largest cyclomatic complexity of the functions, by radon."""
    try:
        from radon.complexity import cc_visit
    except ImportError:
        return "not measured: there is no radon"
    found = [block.complexity for file in files for block in cc_visit(file.read_text())]
    return f"mean {mean(found):.2f}, most {max(found)}"


def is_test(file, root):
    """Whether a file is one of the tests: in a folder of them, or named as pytest wants it."""
    return "tests" in file.relative_to(root).parts[:-1] or file.name.startswith(("test_", "conftest"))


def print_figures(files, root):
    """Print the figures of the course and of its tests."""
    tests = [file for file in files if is_test(file, root)]
    for what, some in (("course", sorted({*files} - {*tests})), ("tests", tests)):
        print(f"{what}: {sum(modules(some).values())} lines")
        print(f"  modules: {summary(modules(some))}")
        print(f"  functions: {summary(functions(some))}")
        print(f"  cyclomatic complexity: {complexity(some)}")


def print_figures_of(revision):
    """Print the figures of a revision that git knows."""
    archive = subprocess.run(["git", "-C", ROOT, "archive", revision], capture_output=True, check=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        print_figures(sorted(Path(folder).rglob("*.py")), Path(folder))


def print_excesses(files):
    """Print what is over the limits."""
    for file, lines in modules(files).items():
        if lines > MODULE_LINES:
            print(f"{file.relative_to(ROOT)}: {lines} lines")
    for (file, name), lines in functions(files).items():
        if lines > FUNCTION_LINES:
            print(f"{file.relative_to(ROOT)}: {name} has {lines} lines")
    for (one, other), line in equal_runs(files).items():
        print(f"{one.relative_to(ROOT)} and {other.relative_to(ROOT)} have {EQUAL_LINES} equal lines: {line}")


def main(*revisions):
    """Print the figures of the revisions, or of the files as they are."""
    for revision in revisions:
        print(f"--- {revision}")
        print_figures_of(revision)
    if not revisions:
        print_figures(python_files(), ROOT)
        print_excesses(python_files())


if __name__ == "__main__":
    main(*sys.argv[1:])
