"""Audio through a model while it comes in: from Pd's stream in buffers, and back."""

import mmap
import time

import numpy as np
import torch
from modelfiles.errors import UserError
from pdworker.serving.audio_stream import Stream

from . import rates
from .engine.torchscript import Model, resolved

PIECE = 256  # frames read at once where the rates differ
IDLE = 0.05  # seconds between two looks for messages while Pd's sound is off
PATIENCE = 1.0  # seconds for Pd to set the latency
WARM_UP = 3  # buffers: torch optimises at the first two


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
    """Everything between Pd's inlets and its outlets, with Pd's channels at Pd's rate at both ends."""

    def __init__(self, method, buffer, compute, rate, host_rate, inputs, outputs):
        self._method, self._inputs, self._outputs = method, inputs, outputs
        self._in = rates.converter(method.in_ratio > 1, host_rate, rate, method.inputs)
        self._buffers = Buffers(method, buffer, compute)
        self._out = rates.converter(method.out_ratio > 1, rate, host_rate, method.outputs)

    def take(self, signals):
        """float32 [inputs, n] to [outputs, m]."""
        signals = self._in.process(with_channels(signals, self._method.inputs))
        return with_channels(self._out.process(self._buffers.take(signals)), self._outputs)


def with_channels(signals, count):
    """The first `count` channels; zeros for those that are missing."""
    signals = signals[:count]
    return np.pad(signals, ((0, count - len(signals)), (0, 0)))


def piece_size(buffer, rate, host_rate):
    """Frames that are read at once."""
    return buffer if rate == host_rate else PIECE


def latency(method, buffer, rate, host_rate, block):
    """Frames from Pd's inlet to its outlet: what the chain holds back at most, and one buffer's time to compute.

    Whole blocks of Pd.
    """
    piece = piece_size(buffer, rate, host_rate)
    chain = Chain(method, buffer, lambda values: silent(method, buffer), rate, host_rate, 0, 1)
    into = out = held_back = 0
    for _ in range(8 * max(1, buffer // piece) + 64):
        held_back = max(held_back, into + piece - out)
        into += piece
        out += chain.take(np.zeros((0, piece), np.float32)).shape[1]
    return -(-(held_back + buffer * host_rate // rate) // block) * block


def buffer_size(model, wanted):
    """A power of two that every method of the model can take, not below `wanted`."""
    return 1 << (max(int(wanted), model.largest_ratio) - 1).bit_length()


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


def silent(method, buffer):
    """A buffer of nothing."""
    return np.zeros((method.outputs, buffer // method.out_ratio), np.float32)


class Pulse:
    """What a child shows of itself, in memory that it shares with the worker."""

    FIELDS = (
        "busy_since",
        "buffers",
        "played",
        "spent",
    )  # monotonic s or 0, a count, s of sound, s of processor

    def __init__(self):
        vars(self)["_values"] = np.frombuffer(mmap.mmap(-1, mmap.PAGESIZE), np.float64)

    def __getattr__(self, name):
        return float(self._values[self.FIELDS.index(name)])

    def __setattr__(self, name, value):
        self._values[self.FIELDS.index(name)] = value


class Player:
    """One method of a model on a stream of Pd's, for the life of its process.

    link      to the worker, whose calls get, set, bend and enable it answers between two buffers
    pulse     a Pulse, for the worker to see
    spec      what to play: "stream", "method", "buffer", "settings", "bend", "enabled"
    Raises UserError when the model does not follow the convention.
    """

    def __init__(self, link, pulse, module, spec, threads):
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
        self._link, self._pulse, self._path = link, pulse, spec["stream"]
        self._complained = ""
        self._gain, self._enabled, self._bend = 0.0, spec["enabled"], None
        self._model = model = Model(module)
        self._method = model.method(spec["method"])
        self._buffer = buffer_size(model, spec["buffer"])
        model.set_all(spec["settings"])
        try:
            self._set_bend(**spec["bend"])
        except UserError as error:
            self._say(str(error))
        self._warm_up(module)

    def play(self):
        """Play until the worker closes the link."""
        while True:
            stream, rate, host_rate = self._begin()
            piece, begun = piece_size(self._buffer, rate, host_rate), stream.restarts
            chain, skipped = self._chain(stream, rate, host_rate), 0
            while stream.restarts == begun:
                self._answer_calls()
                audio = stream.read(piece, IDLE)
                if stream.skipped != skipped:
                    chain, skipped = self._chain(stream, rate, host_rate), stream.skipped
                if audio is not None:
                    stream.write(chain.take(audio))
                    self._pulse.played += piece / host_rate
                    self._pulse.spent = time.process_time()

    # Calls.

    def _call(self, call, arrays, **arguments):
        if call == "get":
            return {"values": self._model.get(arguments["name"])}
        if call == "set":
            self._model.set(arguments["name"], resolved(arguments["values"], arrays))
        elif call == "bend":
            self._set_bend(**arguments)
        elif call == "enable":
            self._enabled = arguments["on"]
        return {}

    def _set_bend(self, scale, bias):
        """Scale and shift the latents on their way through `forward`; empty lists leave them alone."""
        self._bend = None
        if any(factor != 1 for factor in scale) or any(bias):
            latents = latents_of(self._model, self._method)
            ones, zeros = np.ones((latents, 1), np.float32), np.zeros((latents, 1), np.float32)
            self._bend = filled(ones, scale), filled(zeros, bias)

    # What happens to each buffer.

    def _compute(self, values):
        if self._gain == 0 and not self._enabled:
            return silent(self._method, self._buffer)
        self._pulse.busy_since = time.monotonic()
        try:
            answer = self._through_model(self._model, values)
            if not np.isfinite(answer).all():
                raise UserError("checkpoint", f"{self._method.name} answered something that is not a number")
            self._pulse.buffers += 1
        except UserError as error:
            self._complain(f"{error}: silence instead")
            answer = silent(self._method, self._buffer)
        self._pulse.busy_since = 0
        return self._faded(answer)

    def _through_model(self, model, values):
        if self._bend is None:
            return model.run(self._method.name, values)
        latents = model.run("encode", values)
        scale, bias = self._bend
        return model.run("decode", latents * scale + bias)

    def _faded(self, answer):
        """The same sound, with a way from the last gain to the one that is wanted."""
        gain, self._gain = self._gain, float(self._enabled)
        if self._method.out_ratio > 1 or gain == self._gain == 1:
            return answer
        return answer * np.linspace(gain, self._gain, answer.shape[1], dtype=np.float32)

    def _warm_up(self, module):
        """Let torch optimise on a twin, whose memory of the sound is its own."""
        self._pulse.busy_since = time.monotonic()
        twin = Model(module.__deepcopy__({}))
        zeros = np.zeros((self._method.inputs, self._buffer // self._method.in_ratio), np.float32)
        for _ in range(WARM_UP):
            try:
                self._through_model(twin, zeros)
            except UserError as error:
                self._complain(str(error))
        self._pulse.busy_since = 0

    # Around it.

    def _begin(self):
        """Wait until Pd's sound is on and its latency is enough; return (stream, model's rate, Pd's rate)."""
        stream = Stream(self._path)
        while not stream.sample_rate:
            self._answer_calls()
            time.sleep(IDLE)
        host_rate = stream.sample_rate
        rate = self._model.rate or host_rate
        self._model.set_rate(host_rate)
        needed = latency(self._method, self._buffer, rate, host_rate, stream.block_size)
        self._tell_facts(needed, stream.block_size, rate, host_rate)
        deadline = time.monotonic() + PATIENCE
        while stream.latency < needed and time.monotonic() < deadline:
            self._answer_calls()
            time.sleep(IDLE / 5)
        return Stream(self._path), rate, host_rate  # from this moment on

    def _tell_facts(self, latency, block, rate, host_rate):
        method = self._method
        facts = {
            "method": method.name,
            "inputs": method.inputs,
            "outputs": method.outputs,
            "buffer": self._buffer,
            "rate": rate,
            "host_rate": host_rate,
            "block": block,
            "latency": latency,
        }
        self._link.send("result", id=0, values=facts)

    def _chain(self, stream, rate, host_rate):
        return Chain(
            self._method, self._buffer, self._compute, rate, host_rate, stream.inputs, stream.outputs
        )

    def _answer_calls(self):
        while (frame := self._link.receive()) is not None:
            header = frame.header
            try:
                values = self._call(header["name"], frame.arrays, **header["arguments"])
                self._link.send("result", id=header["id"], values=values)
            except UserError as error:
                self._link.send(
                    "error", id=header["id"], error=error.kind, message=error.message, hint=error.hint
                )

    def _complain(self, text):
        """Say it, once in a row."""
        if text != self._complained:
            self._complained = text
            self._say(text)

    def _say(self, text):
        self._link.send("log", text=text)
