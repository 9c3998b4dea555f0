"""Where the processor's time goes while starter_live plays in [rave~] at a buffer of 128, as `live.rave` measures it.

live_profile.rave  parts of a core: plain, a Pd that plays the same patch without the model; pd, the Pd with it; player,
                   the process that plays; others, all else below Pd. Of the player's: model, the network alone, as it
                   plays here, in encoder and decoder; and around, what is left: waiting for Pd's sound, waking, copies.
                   torch, the same network by TorchScript.
"""

import os
import time

import numpy as np
from benchmarks import live, rave
from rave_rt.engine.in_numpy import NumpyModel
from rave_rt.engine.opening import open_model
from rave_rt.engine.torchscript import Model
from support.processes import descendants

SECONDS = float(os.environ.get("LIVE_SECONDS", 20))
KIND, MODEL = live.RAVE
BUFFER = 128


def shares(kind, path):
    """Parts of a core that processes take while a model plays."""
    with live.jack_server() as jack, live.playing(kind, path, jack) as (pd, other):
        player = descendants(pd.process.pid, b"rave_rt.worker")[-1]

        def spent():
            alone = [rave.processor_time(pid) for pid in (other.process.pid, pd.process.pid, player)]
            return np.array([*alone, rave.family_time(pd.process.pid)])

        before = spent()
        time.sleep(SECONDS)
        plain, own, player, family = map(float, (spent() - before) / SECONDS)
    return {"plain": plain, "pd": own, "player": player, "others": family - own - player, "all": family}


def share(model, name):
    """The part of a core that a method takes, buffer after buffer."""
    method = model.methods[name]
    values = np.random.default_rng(1).normal(0, 0.1, (method.inputs, BUFFER // method.in_ratio))
    values = values.astype(np.float32)
    buffers = int(SECONDS / 4 * model.rate / BUFFER)
    for _ in range(100):
        model.run(name, values)
    began = time.thread_time()
    for _ in range(buffers):
        model.run(name, values)
    return (time.thread_time() - began) / (buffers * BUFFER / model.rate)


def profile():
    """All of it."""
    import torch

    torch.set_num_threads(1)
    module, _ = open_model(MODEL)
    model, by_torch = NumpyModel(module), Model(open_model(MODEL)[0])
    found = shares(KIND, MODEL)
    found |= {"model": share(model, "forward"), "torch": share(by_torch, "forward")}
    found |= {"encoder": share(model, "encode"), "decoder": share(model, "decode")}
    found["around"] = found["player"] - found["model"]
    return {**found, "seconds": found["all"], "audio_seconds": 1.0, "reference_seconds": None}


NEEDS = ("jackd2", "test tools")  # beyond what playing needs
RUNS = 1
BENCHMARKS = {"live_profile.rave": profile}
