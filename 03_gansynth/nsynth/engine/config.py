"""The sizes of a WaveNet autoencoder; worker process and trainings."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from modelfiles.errors import UserError

LEVELS = 256  # of mu-law
TAPS = 3  # samples that a dilated layer looks at
BEFORE = TAPS  # samples before the first that is decoded: silence
MOST_LAYERS, MOST_CHANNELS, MOST_HOP = 200, 4096, 1 << 14
RATES = 1000, 96000  # Hz


@dataclass(frozen=True)
class Config:
    """Sizes; those of Magenta's checkpoint where nothing is said.

    sample_rate: in Hz. hop: samples for each vector of the encoding. latent: numbers in such a vector.
    layers, width, skip_width: of the decoder. ae_layers, ae_width: of the encoder. stages, ae_stages: after so many
    layers the dilation, which doubles from layer to layer, begins at 1 again.
    """

    sample_rate: int = 16000
    hop: int = 512
    latent: int = 16
    layers: int = 30
    stages: int = 10
    width: int = 512
    skip_width: int = 256
    ae_layers: int = 30
    ae_stages: int = 10
    ae_width: int = 128

    def __post_init__(self) -> None:
        limits = dict.fromkeys(("layers", "ae_layers", "stages", "ae_stages"), (1, MOST_LAYERS))
        limits |= dict.fromkeys(("width", "skip_width", "ae_width", "latent"), (1, MOST_CHANNELS))
        limits |= {"hop": (1, MOST_HOP), "sample_rate": RATES}
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise UserError(
                    "checkpoint", f"{name} is {str(value)[:40]}, not a whole number {low} to {high}"
                )

    def dilation(self, layer: int) -> int:
        """Samples between the taps of a decoder's layer, counted from 0."""
        return int(2 ** (layer % self.stages))

    def ae_dilation(self, layer: int) -> int:
        """The same of an encoder's layer."""
        return int(2 ** (layer % self.ae_stages))

    @property
    def reach(self) -> int:
        """How many samples the decoder sees before the one that it predicts."""
        return (TAPS - 1) * (1 + sum(map(self.dilation, range(self.layers)))) + 1

    @property
    def is_official(self) -> bool:
        """Whether magenta, whose sizes are written into its code, can play such a network."""
        return self == Config()

    def to_dict(self) -> dict[str, Any]:
        """All sizes by name."""
        return asdict(self)


PRESETS = {  # 8 kHz: half the samples of the official rate, and so twice the notes heard in the time of a training
    "minutes": Config(8000, 256, 16, 16, 8, 32, 48, 9, 9, 32),
    "coffee": Config(8000, 256, 16, 18, 9, 48, 64, 18, 9, 32),
    "night": Config(16000, 512, 16, 20, 10, 64, 128, 20, 10, 64),
    "official": Config(),
}


def layer_shapes(config: Config) -> dict[str, tuple[int, int, int]]:
    """Return {name of a layer: (channels in, channels out, taps)}."""
    wide, skip, latent = config.width, config.skip_width, config.latent
    shapes = {"ae_startconv": (1, config.ae_width, TAPS), "ae_bottleneck": (config.ae_width, latent, 1)}
    for number in range(1, config.ae_layers + 1):
        shapes[f"ae_dilatedconv_{number}"] = config.ae_width, config.ae_width, TAPS
        shapes[f"ae_res_{number}"] = config.ae_width, config.ae_width, 1
    shapes |= {"startconv": (1, wide, TAPS), "skip_start": (wide, skip, 1)}
    for number in range(1, config.layers + 1):
        shapes[f"dilatedconv_{number}"] = wide, 2 * wide, TAPS
        shapes[f"cond_map_{number}"] = latent, 2 * wide, 1
        shapes[f"res_{number}"] = wide, wide, 1
        shapes[f"skip_{number}"] = wide, skip, 1
    outputs = {"out1": (skip, skip, 1), "cond_map_out1": (latent, skip, 1), "logits": (skip, LEVELS, 1)}
    return shapes | outputs
