"""Runner of the benchmarks of one file, several times each: JSON lines on stdout. In the environment `torch`.

    python -m dlwakit.benchmarks FILE RUNS NAME ...

Runs in a model's environment. A benchmark is a function without arguments that does its job once and returns
{"seconds", "audio_seconds", "reference_seconds"}; audio_seconds and reference_seconds may be None.
"""

import importlib.util
import json
import os
import sys


def benchmarks(file):
    """{name: function} of a benchmark file."""
    spec = importlib.util.spec_from_file_location("benchmark_file", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.BENCHMARKS


def main(file, runs, *names):
    """Run each named benchmark (all without a name) `runs` times; a line per run, also for one that fails."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not mix with the results
    functions = benchmarks(file)
    for name in names or functions:
        for _ in range(int(runs)):
            try:
                measured = {"name": name, **functions[name]()}
            except Exception as error:
                measured = {"name": name, "error": f"{type(error).__name__}: {error}"}
            print(json.dumps(measured), file=out, flush=True)
            if "error" in measured:
                break


if __name__ == "__main__":
    main(*sys.argv[1:])
