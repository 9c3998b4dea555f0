"""The sizes of the network and how long they are trained. Runs in a training."""

from dlwakit.training.patience import MINUTES

from .pqmf import FEW_TAPS

SMALL = {"capacity": 32, "ratios": (4, 4, 2), "dilations": (1, 3), "latent": 8, "segment": 16384}
PRESETS = {
    **dict.fromkeys((*MINUTES, "laptop"), SMALL),
    "live": {**SMALL, "ratios": (4, 2), "taps": FEW_TAPS},
    "course": {
        "capacity": 64,
        "ratios": (4, 4, 4, 2),
        "dilations": (1, 3, 9),
        "latent": 16,
        "segment": 65536,
    },
    "v2-size": {
        "capacity": 96,
        "ratios": (4, 4, 4, 2),
        "dilations": (1, 3, 9),
        "latent": 128,
        "segment": 131072,
    },
}
STEPS = {
    "laptop": 100_000,
    "live": 100_000,
    "course": 400_000,
    "v2-size": 2_000_000,
}  # where no time is the end
FIRST_STAGE = {"minutes": 1.0, "coffee": 0.6}  # share of the training until the discriminator comes in
USUAL_FIRST_STAGE = 0.5
EXPECT = {
    "minutes": "attacks, vowels and colour of your sounds, blurred; no discriminator yet",
    "coffee": "clear attacks and colour; the discriminator sharpens the last two fifths of the time",
    "night": "as near to your sounds as this size of network comes; the discriminator works in the second half",
}
