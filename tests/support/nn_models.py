"""Small TorchScript models as people write them for nn~ 1.6, with its kinds of methods and attributes. In tests."""

import torch
from torch import nn

from support.rave_files import params


class Effects(nn.Module):
    """Methods of one and two signals and of another ratio, and an attribute of each plain kind."""

    def __init__(self):
        super().__init__()
        for name, numbers in {
            "same": (1, 1, 1, 1), "turned": (1, 1, 1, 1), "sum": (2, 1, 1, 1), "middle": (2, 1, 2, 1),
            "pushed": (1, 1, 1, 1), "curved": (1, 1, 1, 1), "loudness": (1, 1, 1, 64),
        }.items():  # fmt: skip
            self.register_buffer(f"{name}_params", params(*numbers))
        for name, kinds in {
            "gain": (2,), "curve": (2, 2, 2), "shape": (3,), "upright": (0,), "steps": (1, 2)
        }.items():  # fmt: skip
            self.register_buffer(f"{name}_params", params(*kinds))
        self.gain, self.curve, self.shape = (1.0,), (1.0, 0.0, 0.0), ("tanh",)
        self.upright, self.steps = (False,), (2, 0.5)

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["same", "turned", "sum", "middle", "pushed", "curved", "loudness"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        return ["gain", "curve", "shape", "upright", "steps"]

    @torch.jit.export
    def get_sample_rate(self) -> int:
        return -1

    @torch.jit.export
    def same(self, x):
        return x

    @torch.jit.export
    def turned(self, x):
        return x if self.upright[0] else -x

    @torch.jit.export
    def sum(self, x):
        return x.sum(1, keepdim=True)

    @torch.jit.export
    def middle(self, x):
        left, right = x[:, :1], x[:, 1:]
        return torch.cat([(left + right) / 2, (left - right) / 2], 1)

    @torch.jit.export
    def pushed(self, x):
        louder = x * self.gain[0]
        return torch.tanh(louder) if self.shape[0] == "tanh" else torch.clamp(louder, -1.0, 1.0)

    @torch.jit.export
    def curved(self, x):
        return self.curve[0] * x + self.curve[1] * x**2 + self.curve[2] * x**3

    @torch.jit.export
    def loudness(self, x):
        return x.reshape(x.shape[0], 1, -1, 64).square().mean(-1).sqrt()

    @torch.jit.export
    def get_gain(self) -> float:
        return self.gain[0]

    @torch.jit.export
    def set_gain(self, gain: float) -> int:
        self.gain = (gain,)
        return 0

    @torch.jit.export
    def get_curve(self) -> list[float]:
        return [self.curve[0], self.curve[1], self.curve[2]]

    @torch.jit.export
    def set_curve(self, a: float, b: float, c: float) -> int:
        self.curve = (a, b, c)
        return 0

    @torch.jit.export
    def get_shape(self) -> str:
        return self.shape[0]

    @torch.jit.export
    def set_shape(self, shape: str) -> int:
        if shape not in ["tanh", "clip"]:
            return -1
        self.shape = (shape,)
        return 0

    @torch.jit.export
    def get_upright(self) -> bool:
        return self.upright[0]

    @torch.jit.export
    def set_upright(self, upright: bool) -> int:
        self.upright = (upright,)
        return 0

    @torch.jit.export
    def get_steps(self) -> tuple[int, float]:
        return self.steps

    @torch.jit.export
    def set_steps(self, count: int, size: float) -> int:
        if count < 1:
            return -1
        self.steps = (count, size)
        return 0


class Sampler(nn.Module):
    """Says how loud and how long an array is, of 64 to 2048 samples; refuses a strength below 0."""

    def __init__(self):
        super().__init__()
        for name in ("loudness", "length"):
            self.register_buffer(f"{name}_params", params(1, 1, 1, 1))
        self.register_buffer("sound_params", params(5, 2))
        self.sound, self.strength = torch.zeros(1, 0), 1.0

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["loudness", "length"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        return ["sound"]

    @torch.jit.export
    def get_buffer_attributes(self) -> list[str]:
        return ["sound#0"]

    @torch.jit.export
    def loudness(self, x):
        if self.sound.numel() == 0:
            return torch.zeros_like(x)
        return torch.full_like(x, self.strength) * self.sound.square().mean().sqrt()

    @torch.jit.export
    def length(self, x):
        return torch.full_like(x, float(self.sound.numel()) / 1000)

    @torch.jit.export
    def set_buffer_attribute(self, name: str, samples: torch.Tensor, rate: int) -> int:
        if samples.numel() < 64 or samples.numel() > 2048:
            return -1
        self.sound = samples.clone()
        return 0

    @torch.jit.export
    def clear_buffer_attribute(self, name: str) -> int:
        self.sound = torch.zeros(1, 0)
        return 0

    @torch.jit.export
    def get_sound(self) -> tuple[str, float]:
        return f"{self.sound.numel()} samples", self.strength

    @torch.jit.export
    def set_sound(self, name: str, strength: float) -> int:
        if strength < 0:
            return -1
        self.strength = strength
        return 0


class Wide(nn.Module):
    """A codec of many latents: each is the sound's last sample of 64 times its number; decode gives their mean."""

    def __init__(self, latents: int):
        super().__init__()
        self.register_buffer("encode_params", params(1, 1, latents, 64))
        self.register_buffer("decode_params", params(latents, 64, 1, 1))
        self.register_buffer("forward_params", params(1, 1, 1, 1))
        self.register_buffer("numbers", torch.arange(1.0, latents + 1)[None, :, None])

    @torch.jit.export
    def encode(self, x):
        return x[..., 63::64] * self.numbers

    @torch.jit.export
    def decode(self, z):
        return (z / self.numbers).mean(1, keepdim=True).repeat_interleave(64, -1)

    def forward(self, x):
        return self.decode(self.encode(x))
