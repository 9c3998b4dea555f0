"""A TorchScript model on a stream of Pd's, buffer by buffer; in a child process of the worker process."""

import copy
import math

import numpy as np
import torch
from modelfiles.errors import UserError
from pdworker.serving.live import Pulse, Report, StreamForm

from . import rates
from .engine.in_numpy import NumpyModel
from .engine.parts import OwnRave
from .engine.torchscript import Model, resolved
from .engine.weights import Memory, bending_of

LEAST_FRAMES, MOST_FRAMES = 64, 1 << 17  # of a buffer; Pd gives and takes 64 at once
LEAST_COMPUTING_MS = 4  # for a buffer: an ordinary kernel lets a thread wait for a millisecond or two
PIECE = 256  # frames taken at once where the rates differ
LOUDEST = 4.0  # of full scale, that a bent network may be: 12 dB above it
WARM_UP_BUFFERS = 3  # torch optimises at the first two


class Buffers:
    """Signals of any length in, cut into buffers, through a method, and out again: all at the model's rate.

    compute(values [method.inputs, buffer / in_ratio]) gives [method.outputs, buffer / out_ratio].
    """

    def __init__(self, method, buffer, compute):
        self._method, self._buffer, self._compute = method, buffer, compute
        self._waiting = np.zeros((method.inputs, 0), np.float32)

    def take(self, signals):
        """float32 [method.inputs, n] to [method.outputs, m], m a whole number of buffers."""
        method = self._method
        self._waiting = np.concatenate([self._waiting, signals], 1)
        done = [np.zeros((method.outputs, 0), np.float32)]
        while self._waiting.shape[1] >= self._buffer:
            piece, self._waiting = self._waiting[:, : self._buffer], self._waiting[:, self._buffer :]
            values = self._compute(piece[:, method.in_ratio - 1 :: method.in_ratio])
            done.append(np.repeat(values, method.out_ratio, axis=1))
        return np.concatenate(done, 1)


class Chain:
    """Everything between Pd's inlets and its outlets, with Pd's channels at Pd's rate at both ends.

    Attributes
    ----------
    piece, compute_frames : int
        See `pdworker.serving.live.Chain`.
    """

    def __init__(self, method, buffer, compute, rate, form):
        self._method, self._outputs = method, form.outputs
        self.piece = buffer if rate == form.sample_rate else PIECE
        least = form.sample_rate * LEAST_COMPUTING_MS // 1000
        self.compute_frames = max(buffer * form.sample_rate // rate, least)
        self._in = rates.converter(method.in_ratio > 1, form.sample_rate, rate, method.inputs)
        self._buffers = Buffers(method, buffer, compute)
        self._out = rates.converter(method.out_ratio > 1, rate, form.sample_rate, method.outputs)

    def process(self, audio):
        """float32 [inputs, n] to [outputs, m]."""
        signals = self._in.process(with_channels(audio, self._method.inputs))
        return with_channels(self._out.process(self._buffers.take(signals)), self._outputs)


def with_channels(signals, count):
    """The first `count` channels; zeros for those that are missing."""
    signals, missing = signals[:count], count - len(signals)
    return np.pad(signals, ((0, missing), (0, 0))) if missing > 0 else signals  # np.pad takes its time


def buffer_size(model, wanted):
    """A whole number of every method's ratios, times a power of two, not below `wanted` and a block of Pd.

    Raises UserError when the ratios have no common multiple that can be played.
    """
    ratios = {ratio for method in model.methods.values() for ratio in (method.in_ratio, method.out_ratio)}
    size = math.lcm(*ratios)
    if size > MOST_FRAMES:
        raise UserError(
            "checkpoint",
            f"the ratios of this model ({', '.join(map(str, sorted(ratios)))}) need a buffer of {size} samples",
            f"at most {MOST_FRAMES} can be played live",
        )
    while size < max(wanted, LEAST_FRAMES):
        size *= 2
    return size


def delay_of(module, own):
    """Samples by which what `forward` answers lags behind what it was given; 0 where nothing is known of it.

    own: whether it is this day's own network, where the two filters of the bank do.
    """
    if not own:
        return module.delay if isinstance(module, OwnRave) else 0
    bands, _, taps = dict(module.named_parameters())["encoder.layers.0.conv.weight"].shape
    return taps - bands


def latents_of(model, method):
    """How many latents `method` has to scale; UserError where it is not a forward that encodes and decodes."""
    encode, decode = model.methods.get("encode"), model.methods.get("decode")
    if method.name != "forward" or encode is None or decode is None:
        raise UserError(
            "input", "scale and bias need the method forward of a model that has encode and decode"
        )
    if (encode.outputs, encode.out_ratio) != (decode.inputs, decode.in_ratio):
        raise UserError("input", "encode and decode of this model do not fit together")
    return encode.outputs


def filled(column, values):
    """float32 [latents, 1] with its first values replaced."""
    values = values[: len(column)]
    column[: len(values), 0] = values
    return column


class LiveModel:
    """One method of a model on a stream, see `pdworker.serving.live`; the other public methods are calls.

    Parameters
    ----------
    module : torch.nn.Module
    prior : Prior or None
    spec : dict
        What to play: "method", "buffer", "settings", "scale", "bias", "bends", "enabled"; "own": whether it is this
        day's own network.
    threads : int
        For torch.
    pulse : Pulse
        Shows the supervisor when the model computes.
    report : callable
        report(name, values) sends an event to Pd.

    Raises
    ------
    UserError
        When the model does not follow the convention.
    """

    def __init__(self, module, prior, spec, threads, pulse: Pulse, report: Report):
        torch.seed()  # else each fork would draw the same
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
        self._pulse, self._report = pulse, report
        self._last_warning = ""
        self._gain, self._enabled, self._bend = 0.0, spec["enabled"], None
        with pulse.busy():
            self._model = model = (NumpyModel if spec["own"] else Model)(module, prior)
            self._delay = delay_of(module, spec["own"])
            self._memory = Memory(module)
            self._bending = bending_of(module)
            self._bending.put(spec["bends"])
            self._method = model.method(spec["method"])
            self._buffer = buffer_size(model, spec["buffer"])
            model.set_all(spec["settings"])
            try:
                self.move_latents(spec["scale"], spec["bias"])
            except UserError as error:
                self._warn(str(error))
            self._warm_up(module, prior)

    # What the live loop asks for.

    def make_chain(self, form: StreamForm, measuring: bool) -> Chain:
        """Return a fresh chain for a stream."""
        rate = self._model.rate or form.sample_rate
        if not measuring:
            self._model.set_rate(form.sample_rate)
        return Chain(self._method, self._buffer, self._silence if measuring else self._compute, rate, form)

    def describe(self, form: StreamForm) -> dict:
        """Return what plays, for the patch."""
        method, rate = self._method, self._model.rate or form.sample_rate
        return {
            "method": method.name,
            "inputs": method.inputs,
            "outputs": method.outputs,
            "buffer": self._buffer,
            "rate": rate,
            "delay": self._delay * form.sample_rate // rate if method.name == "forward" else 0,
        }

    # Calls.

    def get(self, name):
        """Return the values of an attribute."""
        return {"values": self._model.get(name)}

    def set(self, name, values, arrays=()):
        """Set an attribute."""
        self._model.set(name, resolved(values, arrays))

    def bend_layers(self, bends):
        """Bend the network in just these ways."""
        self._bending.put(bends)

    def move_latents(self, scale, bias):
        """Scale and shift the latents on their way through `forward`; empty lists leave them alone."""
        self._bend = None
        if any(factor != 1 for factor in scale) or any(bias):
            latents = latents_of(self._model, self._method)
            ones, zeros = np.ones((latents, 1), np.float32), np.zeros((latents, 1), np.float32)
            self._bend = filled(ones, scale), filled(zeros, bias)

    def enable(self, on):
        """Play, or be silent."""
        self._enabled = on

    def follow(self, arrays):
        """Let the prior go on from latents, one array each."""
        self._model.follow(np.stack(arrays))

    # What happens to each buffer.

    def _compute(self, values):
        if self._gain == 0 and not self._enabled:
            return self._silence(values)
        try:
            answer = self._run(self._model, values)
            self._check(answer)
        except UserError as error:
            self._warn(f"{error}: silence instead")
            answer = self._silence(values)
        return self._fade(answer)

    def _check(self, answer):
        """Raise UserError where an answer can't be played; the model then begins anew, without what it remembers."""
        bent = "bent, " if self._bending.bent else ""
        name = self._method.name
        loudest = float(np.abs(answer).max()) if answer.size else 0.0
        if not np.isfinite(loudest):
            self._memory.restore()
            raise UserError("checkpoint", f"{bent}{name} answered something that is not a number")
        if bent and self._method.out_ratio == 1 and loudest > LOUDEST:
            raise UserError(
                "checkpoint", f"bent, {name} is more than {LOUDEST:g} times as loud as full scale"
            )

    def _silence(self, values):
        return np.zeros((self._method.outputs, self._buffer // self._method.out_ratio), np.float32)

    def _run(self, model, values):
        if self._bend is None:
            return model.run(self._method.name, values)
        latents = model.run("encode", values)
        scale, bias = self._bend
        return model.run("decode", latents * scale + bias)

    def _fade(self, answer):
        """The same sound, on its way from the last gain to the one that is wanted."""
        gain, self._gain = self._gain, float(self._enabled)
        if self._method.out_ratio > 1 or gain == self._gain == 1:
            return answer
        return answer * np.linspace(gain, self._gain, answer.shape[1], dtype=np.float32)

    def _warm_up(self, module, prior):
        """Let torch optimise on a twin, whose memory of the sound is its own."""
        twin = type(self._model)(copy.deepcopy(module), prior)
        zeros = np.zeros((self._method.inputs, self._buffer // self._method.in_ratio), np.float32)
        for _ in range(WARM_UP_BUFFERS):
            try:
                self._run(twin, zeros)
            except UserError as error:
                self._warn(str(error))

    def _warn(self, text):
        """Report something, once in a row."""
        if text != self._last_warning:
            self._last_warning = text
            self._report("warning", {"message": text})
