"""Small TorchScript models that follow nn~'s convention, or break it, made for a test and saved as .ts files."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from rave_rt.engine.prior import Prior
from rave_rt.engine.prior_network import PriorNetwork, Size
from torch import nn

ROOT = Path(__file__).resolve().parents[2]
EXPORT = ROOT / "tests/fidelity/rave_acids.py"


def save(module, path):
    """Script a module and save it; returns the path."""
    torch.jit.script(module.eval()).save(str(path))
    return path


def official(path, configuration="v2", latents=128, *options):
    """A RAVE with random weights, exported by acids-rave; see fidelity/rave_acids.py. Returns the path.

    After an option "," another configuration, latents, path and options may follow.
    """
    command = [sys.executable, str(EXPORT), configuration, *map(str, (latents, path, *options))]
    made = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ, OMP_NUM_THREADS="1"))
    assert made.returncode == 0, made.stderr[-2000:]
    return path


def random_prior(rate=44100, seed=0, latents=4, **statistics):
    """A Prior of a Codec's latents with random weights; latents have mean 0.2, spread 0.5 and go from -2 to 3."""
    torch.manual_seed(seed)
    network = PriorNetwork(Size(latents, hidden=8, components=2))
    ones = np.ones(latents, np.float32)
    facts = {"mean": 0.2 * ones, "spread": 0.5 * ones, "lowest": -2 * ones, "highest": 3 * ones, **statistics}
    return Prior(network, facts, rate, 64)


def params(*numbers):
    return torch.tensor(numbers)


class Gain(nn.Module):
    """forward: half the sound."""

    def __init__(self, rate: int = 48000):
        super().__init__()
        self.register_buffer("forward_params", params(1, 1, 1, 1))
        self.sr = rate
        self.forward_input_labels = ["(signal) what is too loud"]

    def forward(self, x):
        return 0.5 * x

    @torch.jit.export
    def get_methods(self):
        return ["forward"]


class HungryLoader(Gain):
    """Takes more memory than there may be when it is loaded."""

    @torch.jit.export
    def __getstate__(self):
        return (self.forward_params, self.sr, self.forward_input_labels, self.training)

    @torch.jit.export
    def __setstate__(self, state: tuple[torch.Tensor, int, list[str], bool]):
        eaten = [torch.zeros(1)]
        for _ in range(1000):
            eaten.append(torch.empty(1 << 28))
        self.forward_params, self.sr, self.forward_input_labels, self.training = state
        self.sr += int(eaten[-1][0]) - 1


class Codec(nn.Module):
    """A streaming codec of four latents, one for 64 samples: its convolution remembers what came before.

    As RAVE 2 exports are: methods, labels, attributes with bare getters, forward = decode(encode).
    """

    def __init__(self, prior: bool = False, rate: int = 48000):
        super().__init__()
        torch.manual_seed(3)
        self.sr = rate
        self.register_buffer("encode_params", params(1, 1, 4, 64))
        self.register_buffer("decode_params", params(4, 64, 1, 1))
        self.register_buffer("forward_params", params(1, 1, 1, 1))
        self.register_buffer("prior_params", params(1, 64, 4, 64))
        self.register_buffer("loud_params", params(0))
        self.register_buffer("past", torch.zeros(1, 1, 64))
        self.register_buffer("step", torch.zeros(1))
        self.encoder = nn.Conv1d(1, 4, 128, 64, bias=False)
        self.decoder = nn.ConvTranspose1d(4, 1, 64, 64, bias=False)
        self.encode_output_labels = [f"(signal) Latent dimension {i + 1}" for i in range(4)]
        self.loud = False
        self.has_prior = prior

    @torch.jit.export
    def encode(self, x):
        x = torch.cat([self.past, x], -1)
        self.past = x[..., -64:]
        return self.encoder(x)

    @torch.jit.export
    def decode(self, z):
        y = self.decoder(z)
        return y * 4 if self.loud else y

    def forward(self, x):
        return self.decode(self.encode(x))

    @torch.jit.export
    def prior(self, temperature):
        steps = torch.arange(temperature.shape[-1]) + self.step
        self.step = self.step + temperature.shape[-1]
        return torch.sin(steps[None, None] * torch.tensor([0.1, 0.2, 0.3, 0.4])[None, :, None])

    @torch.jit.export
    def get_loud(self) -> bool:
        return self.loud

    @torch.jit.export
    def set_loud(self, loud: bool) -> int:
        self.loud = loud
        return 0

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["encode", "decode", "forward", "prior"] if self.has_prior else ["encode", "decode", "forward"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        return ["loud"]


class Attributes(nn.Module):
    """One attribute of each type, one of several, one that refuses, and one that can only be read."""

    def __init__(self):
        super().__init__()
        self.register_buffer("forward_params", params(1, 1, 1, 1))
        self.a_bool, self.a_int, self.a_float, self.a_str = False, 1, 0.5, "word"
        self.a_tensor, self.samples, self.samples_rate = torch.zeros(2), torch.zeros(1, 1), 0
        self.mixed_int, self.mixed_float = 0, 0.0
        self.a_bool_params, self.a_int_params, self.a_float_params = params(0), params(1), params(2)
        self.a_str_params, self.a_tensor_params, self.a_buffer_params = params(3), params(4), params(5)
        self.mixed_params, self.never_params, self.fixed_params = params(1, 2), params(1), params(1)

    def forward(self, x):
        return x

    @torch.jit.export
    def get_a_bool(self) -> list[bool]:
        return [self.a_bool]

    @torch.jit.export
    def set_a_bool(self, x: bool) -> int:
        self.a_bool = x
        return 0

    @torch.jit.export
    def get_a_int(self) -> tuple[int]:
        return (self.a_int,)

    @torch.jit.export
    def set_a_int(self, x: int) -> int:
        self.a_int = x
        return 0

    @torch.jit.export
    def get_a_float(self) -> float:
        return self.a_float

    @torch.jit.export
    def set_a_float(self, x: float) -> int:
        self.a_float = x
        return 0

    @torch.jit.export
    def get_a_str(self) -> str:
        return self.a_str

    @torch.jit.export
    def set_a_str(self, x: str) -> int:
        self.a_str = x
        return 0

    @torch.jit.export
    def get_a_tensor(self) -> list[torch.Tensor]:
        return [self.a_tensor]

    @torch.jit.export
    def set_a_tensor(self, x: torch.Tensor) -> int:
        self.a_tensor = x
        return 0

    @torch.jit.export
    def get_a_buffer(self) -> str:
        return f"{self.samples.sum().item()} at {self.samples_rate}"

    @torch.jit.export
    def set_a_buffer(self, name: str) -> int:
        return 0 if name == "a_buffer#0" else 1

    @torch.jit.export
    def set_buffer_attribute(self, name: str, samples: torch.Tensor, rate: int) -> int:
        self.samples, self.samples_rate = samples, rate
        return 0

    @torch.jit.export
    def get_mixed(self) -> tuple[int, float]:
        return self.mixed_int, self.mixed_float

    @torch.jit.export
    def set_mixed(self, x: int, y: float) -> int:
        self.mixed_int, self.mixed_float = x, y
        return 0

    @torch.jit.export
    def set_never(self, x: int) -> int:
        return -1

    @torch.jit.export
    def get_fixed(self) -> int:
        return 7

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["forward"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        names = ["none", "a_bool", "a_int", "a_float", "a_str", "a_tensor", "a_buffer", "mixed", "never"]
        return names + ["fixed"]  # noqa: RUF005 (TorchScript has no *)


class Old(nn.Module):
    """As RAVE 1 exports are: no lists of methods or attributes, parameters and rate in buffers."""

    def __init__(self):
        super().__init__()
        self.register_buffer("encode_params", params(1, 1, 2, 32))
        self.register_buffer("decode_params", params(2, 32, 1, 1))
        self.register_buffer("forward_params", params(1, 1, 1, 1))
        self.register_buffer("sampling_rate", torch.tensor(44100))
        self.register_buffer("latent_size", torch.tensor(2))

    @torch.jit.export
    def encode(self, x):
        return x[..., ::32].repeat(1, 2, 1)

    @torch.jit.export
    def encode_amortized(self, x):
        z = self.encode(x)
        return z, torch.ones_like(z)

    @torch.jit.export
    def decode(self, z):
        return z[:, :1].repeat_interleave(32, -1)

    def forward(self, x):
        return self.decode(self.encode(x))


class OldWithPrior(nn.Module):
    """As combined RAVE 1 files are: the rate stays in the submodule."""

    def __init__(self):
        super().__init__()
        self._rave = Old()
        for name, numbers in {
            "encode": (1, 1, 2, 32), "decode": (2, 32, 1, 1), "forward": (1, 1, 1, 1), "prior": (1, 32, 2, 32),
        }.items():  # fmt: skip
            self.register_buffer(f"{name}_params", params(*numbers))

    @torch.jit.export
    def encode(self, x):
        return self._rave.encode(x)

    @torch.jit.export
    def decode(self, z):
        return self._rave.decode(z)

    @torch.jit.export
    def prior(self, temperature):
        return temperature.repeat(1, 2, 1) + 1

    def forward(self, x):
        return self._rave(x)


class HostRate(Gain):
    """No rate of its own: it answers the rate that the host has told it, in thousands."""

    def __init__(self):
        super().__init__()
        self.sr = 0
        self.told = 0

    def forward(self, x):
        return torch.full_like(x, self.told / 1e6)

    @torch.jit.export
    def set_sample_rate(self, rate: int) -> int:
        self.told = rate
        return 0

    @torch.jit.export
    def get_sample_rate(self) -> int:
        return self.sr


class Stereo(nn.Module):
    """Two channels, crossed; and a method whose values count for 256 samples."""

    def __init__(self):
        super().__init__()
        self.register_buffer("forward_params", params(2, 1, 2, 1))
        self.register_buffer("last_params", params(1, 256, 1, 256))
        self.sr = 48000

    def forward(self, x):
        return x.flip(1)

    @torch.jit.export
    def last(self, x):
        return x

    @torch.jit.export
    def get_methods(self):
        return ["forward", "last"]


class Faulty(Gain):
    """A gain that does something else after `well` good buffers: raise, nan, hang, eat, or answer a wrong shape."""

    heap: list[torch.Tensor]

    def __init__(self, fault: str, well: int = 0):
        super().__init__()
        self.fault, self.well = fault, well
        self.heap = []

    def forward(self, x):
        self.well -= 1
        if self.well >= 0:
            return 0.5 * x
        if self.fault == "raise":
            raise RuntimeError("the model has had enough")
        if self.fault == "nan":
            return x * float("nan")
        if self.fault == "shape":
            return x[..., :10]
        while self.fault == "hang":
            x = x + 1
        while self.fault == "eat":
            self.heap.append(torch.ones(1 << 26))
        return x


class NoMethods(nn.Module):
    """TorchScript, but nothing of the convention."""

    def forward(self, x):
        return x


class Empty(Gain):
    """Names a method that it does not have."""

    @torch.jit.export
    def get_methods(self):
        return ["forward", "sing"]


class WrongParams(Gain):
    """Three numbers instead of four."""

    def __init__(self):
        super().__init__()
        self.forward_params = params(1, 1, 1)
