"""RAVE by our own layers, beside the program in the same file in TorchScript's interpreter.

rave_own.v1, .v2, ...   a RAVE of that official configuration and size with random weights, streaming, 16 latents (its
                        `forward` on buffers of the smallest size that it takes): seconds of processor time for a
                        buffer, on one thread; the reference is the program's. Also: buffer, in samples; difference, the
                        largest between both over several buffers, of the method where that is most, as a share of its
                        loudest; memory and memory_program, in MB, of the process while it plays; load and
                        load_program, in seconds. The spherical one does not stream: its export's memories begin with no
                        numbers, which the program needs some buffers to forget.

Those are all that acids-rave exports without torchaudio, which `hybrid` and `v2_with_augs` need; its exporter fails on
`v2_nopqmf`, and it does not read its own `v2_nopqmf_small`.
"""

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("setup", "tests", "pyext_py3", "06_rave")]
BUFFERS, WARM_UP = 15, 4
METHODS = ("encode", "decode", "forward")
MOST_KEPT = 4096  # values of an answer that are compared


def compared(configuration, *options, streaming=("streaming",)):
    """A benchmark of a configuration."""

    def benchmark():
        from support import rave_files

        with tempfile.TemporaryDirectory() as folder:
            export = rave_files.official(Path(folder, "export.ts"), configuration, 16, *streaming, *options)
            own, program = (measured(export, engine) for engine in ENGINES)
        pairs = zip(own.pop("answers"), program.pop("answers"))
        return {
            **own,
            "difference": float(np.max([difference(*pair) for pair in pairs])),
            "memory_program": program["memory"],
            "load_program": program["load"],
            "reference_seconds": program["seconds"],
        }

    return benchmark


def measured(path, engine):
    """What `measure` prints, of a process of its own."""
    command = [sys.executable, __file__, str(path), engine]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return json.loads(said.splitlines()[-1])


def difference(mine, theirs):
    """The largest difference of two lists, as a share of the loudest of the second."""
    mine, theirs = np.array(mine), np.array(theirs)
    return float(np.abs(mine - theirs).max() / np.abs(theirs).max())


def measure(path, engine):
    """Print what one engine takes and answers, method by method, as JSON; in a process of its own."""
    import time

    import torch
    from rave_rt.engine.reading import read_own
    from rave_rt.engine.torchscript import Model, load_module

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    began = time.process_time()
    model = Model(read_own(path) if engine == "own" else load_module(Path(path)))
    load = time.process_time() - began
    rng, answers, buffer = np.random.default_rng(1), [], model.largest_ratio
    for name in METHODS:
        facts = model.methods[name]
        values = rng.normal(0, 0.3, (2, facts.inputs, buffer // facts.in_ratio)).astype(np.float32)
        answers.append([])
        for one in values:
            torch.manual_seed(1)
            answers[-1] += model.run(name, one).ravel()[:MOST_KEPT].tolist()
    sound, times = rng.normal(0, 0.3, (model.methods["forward"].inputs, buffer)), []
    for _ in range(WARM_UP + BUFFERS):
        began = time.process_time()
        model.run("forward", sound)
        times.append(time.process_time() - began)
    seconds = float(np.median(times[WARM_UP:]))
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    memory = pages * resource.getpagesize() / 2**20
    facts = {"seconds": seconds, "audio_seconds": buffer / model.rate, "buffer": float(buffer)}
    print(json.dumps({**facts, "memory": memory, "load": load, "answers": answers}))


ENGINES = ("own", "program")
NEEDS = ("test tools",)  # beyond what playing needs
RUNS = 1
BENCHMARKS = {
    "rave_own.v1": compared("v1"),
    "rave_own.v1_causal": compared("v1+causal"),
    "rave_own.v1_stereo": compared("v1", "stereo"),
    "rave_own.v2": compared("v2"),
    "rave_own.v2_causal": compared("v2+causal"),
    "rave_own.v2_noise": compared("v2+noise"),
    "rave_own.v2_stereo": compared("v2", "stereo"),
    "rave_own.v2_adain": compared("v2+adain", "adapts"),
    "rave_own.v2_snake": compared("v2+snake"),
    "rave_own.v2_small": compared("v2_small"),
    "rave_own.v2_small_causal": compared("v2_small+causal"),
    "rave_own.v3": compared("v3", "adapts"),
    "rave_own.v3_causal": compared("v3+causal", "adapts"),
    "rave_own.v3_noise_stereo": compared("v3+noise", "adapts", "stereo"),
    "rave_own.discrete": compared("discrete"),
    "rave_own.discrete_causal": compared("discrete+causal"),
    "rave_own.discrete_v3": compared("discrete_v3"),
    "rave_own.wasserstein": compared("v2+wasserstein"),
    "rave_own.spherical": compared("v2+spherical", streaming=()),
    "rave_own.onnx": compared("onnx"),
    "rave_own.raspberry": compared("raspberry"),
}
if __name__ == "__main__":
    measure(*sys.argv[1:])
