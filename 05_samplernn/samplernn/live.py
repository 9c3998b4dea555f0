"""A SampleRNN played as an instrument: blocks on a stream of Pd's; in a child process of the worker process."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from modelfiles.errors import UserError
from modelfiles.resample import ShortResampler
from numpy.typing import NDArray
from pdworker.serving.live import Pulse, Report, StreamForm, held_back

from .engine import quantise
from .engine.config import Config
from .engine.voices import Memory, Packed, Voices

MOST_VOICES = 4
OUTPUTS = MOST_VOICES + 2  # and the entropy and the probability of the first voice
TIMED_BLOCKS = 8
WAITS_S = 0.25  # below the threshold, until the voices answer
SETTLED = 0.9  # of real time: a model that needs more is late again and again


@dataclass(frozen=True)
class Controls:
    """What may be changed while it plays.

    Attributes
    ----------
    temperature : float
        The temperature inlet is added to it.
    voices : int
    enable : bool
        Play, or stand still.
    listen : bool
        Take in what is played instead of playing.
    answer : bool
        Listen by itself, while something is played.
    threshold : float
        Its level in dB.
    freeze : bool
        Hold the slow memory.
    top_k, top_p
        See `Generator.stream`.
    """

    temperature: float = 1.0
    voices: int = 1
    enable: bool = True
    listen: bool = False
    answer: bool = False
    threshold: float = -45.0
    freeze: bool = False
    top_k: int = 0
    top_p: float = 1.0


class Listener:
    """Says for each block whether the voices listen."""

    def __init__(self, wait_blocks: int) -> None:
        self._wait_blocks, self._quiet = wait_blocks, wait_blocks

    def hears(self, controls: Controls, sound: NDArray[np.float32]) -> bool:
        """Return whether a block of sound is to be taken in."""
        if not controls.answer:
            return controls.listen
        loud = np.square(sound).mean() > 10 ** (controls.threshold / 10)
        self._quiet = 0 if loud else self._quiet + 1
        return controls.listen or self._quiet < self._wait_blocks


class LiveVoices:
    """Voices on a stream, see `pdworker.serving.live`; the public methods below are calls from Pd.

    Parameters
    ----------
    packed : tuple
        The weights, see `engine.voices`.
    config : Config
    spec : mapping
        "milliseconds": the latency asked for; "seed": of the random numbers, None leaves it to chance; "controls":
        the values of Controls.
    pulse : Pulse
        Shows the supervisor when it computes.
    report : callable
        report(name, values) sends an event to Pd.
    bend : callable, optional
        See `Generator.bend`.
    """

    def __init__(
        self,
        packed: Packed,
        config: Config,
        spec: Mapping[str, Any],
        pulse: Pulse,
        report: Report,
        bend: Callable[[list], Packed] | None = None,
    ) -> None:
        self._packed, self._config, self._spec, self._bend = packed, config, spec, bend
        self.controls = Controls(**spec["controls"])
        self.block = config.big_frame_size
        self._memories: dict[int, Memory] = {}
        self._held: Memory | None = None
        self._gain = 1.0
        with pulse.busy():
            self._warn_of_slowness(report)
        self._listener = Listener(round(WAITS_S * config.sample_rate / self.block))
        self._voices = self._new_voices(self.controls.voices)

    # What the live loop asks for.

    def make_chain(self, form: StreamForm, measuring: bool) -> Chain:
        """Return a fresh chain for a stream; the voices go on from where they are."""
        play = self._silence if measuring else self.play
        wanted = int(self._spec["milliseconds"] / 1000 * form.sample_rate)
        wanted -= wanted % form.block_size
        bare = Chain(self, form, self._silence, wanted)
        return Chain(self, form, play, max(bare.piece * 2, wanted - held_back(bare, form.inputs)))

    def describe(self, form: StreamForm) -> dict[str, Any]:
        """Return what plays, for the patch."""
        return {"voices": self.controls.voices, "rate": self._config.sample_rate}

    @property
    def rate(self) -> int:
        """The model's sample rate in Hz."""
        return self._config.sample_rate

    def play(self, sound: NDArray[np.float32], temperature: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the next block.

        Parameters
        ----------
        sound, temperature : ndarray of float32, [block]
            Of the inlets.

        Returns
        -------
        ndarray of float32, [OUTPUTS, block]
            The voices, those that do not play silent, then entropy in bits and probability.
        """
        controls, out = self.controls, np.zeros((OUTPUTS, self.block), np.float32)
        gain = float(controls.enable)
        if not (gain or self._gain):
            return out
        codes = None
        if self._listener.hears(controls, sound):
            gain, codes = 0.0, quantise.encode(sound, self._config.q_type, self._config.q_levels)
        self._change_voices(controls)
        heat = np.clip(np.nan_to_num(controls.temperature + temperature), 0, 100)
        block = self._voices.play(heat, codes, controls.top_k, controls.top_p)
        if self._held is not None:
            self._voices.hold(self._held)
        if gain or self._gain:
            heard = quantise.decode(block.codes, self._config.q_type, self._config.q_levels)
            out[: len(heard)] = heard * np.linspace(self._gain, gain, self.block, dtype=np.float32)
        self._gain = gain
        out[MOST_VOICES], out[MOST_VOICES + 1] = block.entropy, block.probability
        return out

    # Calls.

    def change(self, **controls: Any) -> None:
        """Change controls."""
        self.controls = Controls(**{**vars(self.controls), **controls})

    def remember(self, slot: int) -> None:
        """Remember where the voices stand."""
        self._memories[slot] = self._voices.remember()

    def rewind(self, slot: int, same_draws: bool) -> None:
        """Go on from where the voices stood, with the same random numbers or others.

        Raises UserError when nothing was remembered there.
        """
        if slot not in self._memories:
            raise UserError("state", f"nothing is remembered in {slot}", f"remember {slot} does it")
        self._voices.go_on_from(self._memories[slot], same_draws)
        self._held = None

    def restart(self, seed: int | None) -> None:
        """Begin in silence, as after `load`."""
        self._spec = {**self._spec, "seed": seed}
        self._voices = self._new_voices(self.controls.voices)
        self._held = None

    def bend_layers(self, bends: list) -> None:
        """Bend the network in just these ways; the voices go on from where they are."""
        if self._bend is None:
            raise UserError("state", "this network is not bent while it plays")
        self._packed, memory = self._bend(bends), self._voices.remember()
        self._voices = self._new_voices(len(self._voices))
        self._voices.go_on_from(memory, same_draws=True)

    def _silence(self, sound: NDArray[np.float32], temperature: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.zeros((OUTPUTS, self.block), np.float32)

    def _new_voices(self, count: int) -> Voices:
        seed = self._spec["seed"]
        return Voices(self._packed, self._config, count, secrets.randbits(31) if seed is None else seed)

    def _change_voices(self, controls: Controls) -> None:
        """Have as many voices as are wanted; new ones go on from where the first stands."""
        if controls.voices != len(self._voices):
            memory = self._voices.remember()
            self._voices = self._new_voices(controls.voices)
            self._voices.go_on_from(memory, same_draws=True)
        if controls.freeze and self._held is None:
            self._held = self._voices.remember()
        elif not controls.freeze:
            self._held = None

    def _warn_of_slowness(self, report: Report) -> None:
        """Say so where a block takes longer to compute than to play."""
        voices, calm = self._new_voices(1), np.ones(self.block, np.float32)
        times = []
        for _ in range(TIMED_BLOCKS):
            began = time.perf_counter()
            voices.play(calm)
            times.append(time.perf_counter() - began)
        share = min(times) * self._config.sample_rate / self.block
        if share > SETTLED:
            times_slower = f"this model takes {share:.1f} times as long as it plays: it will be late"
            report("warning", {"message": f"{times_slower} - choose a smaller one, such as starter_beat"})


class Chain:
    """Everything between Pd's inlets and its outlets, see `pdworker.serving.live.Chain`.

    Its latency is: what a piece and the two resamplers hold back, a block of the model, and the time to compute.
    """

    def __init__(self, live: LiveVoices, form: StreamForm, play: Any, compute_frames: int) -> None:
        self._block, self._play, self._form = live.block, play, form
        self.piece = max(1, live.block * form.sample_rate // live.rate // 2)
        self.compute_frames = compute_frames
        self._into = ShortResampler(form.sample_rate, live.rate, 2)
        self._out = ShortResampler(live.rate, form.sample_rate, OUTPUTS)
        self._waiting = np.zeros((2, 0), np.float32)

    def process(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 [inputs, n] to [outputs, m]."""
        signals = self._into.process(np.nan_to_num(audio[:2], posinf=0, neginf=0))
        self._waiting = np.concatenate([self._waiting, signals], 1)
        done = [np.zeros((OUTPUTS, 0), np.float32)]
        while self._waiting.shape[1] >= self._block:
            (sound, temperature), self._waiting = (
                self._waiting[:, : self._block],
                self._waiting[:, self._block :],
            )
            done.append(self._play(sound, temperature))
        return self._out.process(np.concatenate(done, 1))
