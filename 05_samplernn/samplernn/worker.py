"""The worker of day 5: generates sound with a SampleRNN piece by piece, and writes sound files; worker process."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from modelfiles.errors import UserError
from modelfiles.sounds import write_sound
from pdworker.serving.bendable import BendableWorker
from pdworker.serving.server import Job, serve
from pdworker.serving.supervisor import NotPlaying, Supervisor

from .live import LiveVoices
from .model import Generator
from .model import load as load_model

COMPUTE_S = 0.1  # how long to compute for each piece of sound


class Worker(BendableWorker):
    """A SampleRNN; the public methods are what Pd can call."""

    def __init__(self) -> None:
        self._model: Generator | None = None
        self._supervisor: Supervisor | None = None  # of what plays
        self._spec: dict[str, Any] = {}  # what plays, see LiveVoices

    def load(
        self,
        job: Job,
        *,
        folders: Sequence[str],
        checkpoint: str = "starter_beat",
        engine: str = "small",
        ckpt_dir: str | None = None,
        num_seqs: int | None = None,
        q_type: str | None = None,
        sample_rate: int | None = None,
        threads: int | None = None,
    ) -> dict[str, Any]:
        """Load NAME.safetensors, or a checkpoint of PRiSM SampleRNN (its folder or its prefix).

        Parameters
        ----------
        folders : list of str
            Where names are looked for.
        checkpoint, engine, q_type, sample_rate, threads
            See `model.load`.
        ckpt_dir, num_seqs
            From the original course's messages: another word for checkpoint, and a number that is not needed.
        """
        name = str(ckpt_dir or checkpoint)
        job.progress(0.1, f"reading {name} (the very first time this takes a minute)")
        try:
            self._model = load_model(
                name, engine, folders=folders, q_type=q_type, sample_rate=sample_rate, threads=threads
            )
        except UserError as error:
            hint = error.hint or "see: setup/dlwa checkpoints list"
            raise UserError(error.kind, error.message, hint) from None
        config, self._bending = self._model.config, self._model.bending
        return {
            "name": Path(name).name,
            "rate": config.sample_rate,
            "rnn": f"{config.rnn_type}-{config.num_rnn_layers}x{config.dim}",
            "levels": f"{config.q_levels}-{config.q_type}",
            "weights": self._model.engine,
            "bits_lost": round(self._model.bits_lost, 6),
            "layers": self._layers(),
        }

    def generate(
        self,
        job: Job,
        *,
        temperatures: Sequence[Any],
        seconds: float,
        primer_rate: int | None = None,
        arrays: Sequence[np.ndarray],
        **options: Any,
    ) -> dict[str, Any]:
        """Generate a sound for each temperature. The first partial result has no sound, but its rate and length.

        Parameters
        ----------
        temperatures : list
            Each a number, text of the form `Env(...)`, or {"array": i}: a curve in arrays[i] over the whole time.
        seconds : float
            How much to generate.
        primer_rate : int, optional
            In Hz, of the sound in arrays[0] that all sounds go on from; it may be empty.
        **options
            rate, seed, top_k, top_p: see `Generator.stream`.
        """
        model = self._loaded()
        curves = [arrays[value["array"]] if isinstance(value, dict) else value for value in temperatures]
        stream = model.stream(seconds, curves, primer=arrays[0], primer_rate=primer_rate, **options)
        job.progress(0, "generating", {"rate": stream.rate, "length": stream.length})
        while not stream.finished:
            start, sounds = stream.done, stream.more(COMPUTE_S, job.check)
            if stream.done == start:
                job.progress(0, "listening to the seed")
                continue
            text = f"{stream.done / stream.rate:.1f} of {stream.length / stream.rate:.1f} s"
            job.progress(stream.done / stream.length, text, {"start": start}, list(sounds))
            job.answer("save")
        return {"samples": stream.done}

    def save(self, job: Job, *, path: str, rate: float, arrays: Sequence[np.ndarray]) -> dict[str, Any]:
        """Write a sound to a file of 32-bit floats, a WAV file if its name has no ending."""
        file = Path(path).expanduser()
        file = file if file.suffix else file.with_suffix(".wav")
        write_sound(file, arrays[0], rate, "FLOAT")
        return {"path": str(file)}

    def play(
        self, job: Job, *, stream: int, milliseconds: float, seed: int | None, controls: dict[str, Any]
    ) -> dict[str, Any]:
        """Play live on a stream of Pd's; how it goes is reported by events, see `serving.live`.

        Parameters
        ----------
        stream : int
            Its descriptor.
        milliseconds, seed, controls
            See `live.LiveVoices`.
        """
        model = self._loaded()
        self.stop(job)
        self._spec = spec = {"milliseconds": milliseconds, "seed": seed, "controls": controls}
        model.loops()  # compiles them
        self._supervisor = Supervisor(
            stream,
            lambda pulse, report: LiveVoices(model.loops(), model.config, spec, pulse, report, model.bend),
        )
        return {}

    def stop(self, job: Job) -> dict[str, Any]:
        """Stop playing."""
        if self._supervisor is not None:
            self._supervisor.end()
        self._supervisor = None
        return {}

    def change(self, job: Job, **controls: Any) -> dict[str, Any]:
        """Change controls of what plays, and of what takes its place."""
        self._spec.setdefault("controls", {}).update(controls)
        with contextlib.suppress(NotPlaying):
            self._call_playing("change", **controls)
        return {}

    def remember(self, job: Job, *, slot: int) -> dict[str, Any]:
        """Let the voices remember where they stand."""
        return self._ask_playing("remember", slot=slot)

    def rewind(self, job: Job, *, slot: int, same_draws: bool) -> dict[str, Any]:
        """Let the voices go on from where they stood."""
        return self._ask_playing("rewind", slot=slot, same_draws=same_draws)

    def restart(self, job: Job, *, seed: int | None) -> dict[str, Any]:
        """Let the voices begin in silence."""
        self._spec["seed"] = seed
        return self._ask_playing("restart", seed=seed)

    def _network_bent(self, bends: Sequence[list]) -> None:
        self._loaded().bend(bends)
        with contextlib.suppress(NotPlaying):
            self._call_playing("bend_layers", bends=[list(bend) for bend in bends])

    def _ask_playing(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Let what plays answer a call. Raises UserError when nothing plays."""
        try:
            return self._call_playing(name, **arguments)
        except NotPlaying:
            raise UserError("state", "nothing plays yet", "turn the sound on, and wait for alive 1") from None

    def _call_playing(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Let what plays answer a call. Raises NotPlaying when there is nothing, or no answer."""
        if self._supervisor is None:
            raise NotPlaying
        return self._supervisor.call(name, **arguments)

    def _loaded(self) -> Generator:
        if self._model is None:
            raise UserError("state", "no model is loaded", "load one first")
        return self._model


if __name__ == "__main__":
    serve(Worker())
