"""The worker process of the soak: noise, and some computing to be busy with."""

import numpy as np
from pdworker.serving.server import serve

WORK = 20  # transforms of the sound for each generation; about half a second for a million samples


class Worker:
    def load(self, job, *, folders, engine):
        return {"name": "noise"}

    def generate(self, job, *, samples):
        noise = np.random.default_rng(0).uniform(-0.1, 0.1, samples).astype(np.float32)
        for done in range(WORK):
            noise = np.fft.irfft(np.fft.rfft(noise), samples).astype(np.float32)
            job.progress((done + 1) / WORK, "generating")
        return {}, [noise]


if __name__ == "__main__":
    serve(Worker())
