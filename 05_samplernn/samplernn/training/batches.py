"""What each step of a training learns from. Runs in a training."""

import numpy as np
import torch
from modelfiles.errors import UserError

from ..engine.quantise import encode
from ..evaluate import with_silence

LOWEST_GAIN = 0.5


class Batches:
    """What each step learns from: batches[step] is (codes [size, big_frame_size + seq_len] int64, if a group starts).

    chunks [n, samples] int16. A group of `size` chunks is read side by side, step by step; each begins at a place of
    its own and at a loudness of its own. All depends on `seed` and the step alone.
    """

    def __init__(self, chunks, size, config, seed):
        self.chunks, self.size, self.config, self.seed = chunks, size, config, seed
        self.steps = chunks.shape[1] // config.seq_len - 1
        if self.steps < 1:
            raise UserError(
                "input",
                f"chunks of {chunks.shape[1]} samples are too short for steps of {config.seq_len}: make the data set "
                "with a larger --chunk",
            )
        self._group, self._codes = None, None

    def __getitem__(self, step):
        group, place = divmod(step, self.steps)
        if group != self._group:
            self._group, self._codes = group, self._read(group)
        start, length = place * self.config.seq_len, self.config.big_frame_size + self.config.seq_len
        return torch.from_numpy(self._codes[:, start : start + length].astype(np.int64)), place == 0

    def _read(self, group):
        round_, place = divmod(group, -(-len(self.chunks) // self.size))
        order = np.random.default_rng([self.seed, round_]).permutation(len(self.chunks))
        chosen = np.take(order, range(place * self.size, (place + 1) * self.size), mode="wrap")
        random = np.random.default_rng([self.seed, round_, place])
        length = self.steps * self.config.seq_len
        shifts = random.integers(0, self.config.seq_len, self.size)
        audio = np.stack([self.chunks[chunk, shift : shift + length] for chunk, shift in zip(chosen, shifts)])
        gains = random.uniform(LOWEST_GAIN, 1, (self.size, 1)) * random.choice([-1, 1], (self.size, 1))
        return with_silence(
            encode(audio / 32768 * gains, self.config.q_type, self.config.q_levels), self.config
        )
