"""NSynth through magenta's own code, behind the same calls as `model`. Runs in the environment `tensorflow`.

The sizes of the network are written into magenta's code, so it plays checkpoints of the official size alone, sample by
sample as its program `nsynth_generate` does.
"""

import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.nsynth.wavenet import fastgen
from modelfiles.errors import UserError
from modelfiles.resample import resample

from .engine import mulaw, store
from .engine.config import BEFORE
from .engine.generation import SoundStream
from .limits import check_rate, check_temperature, checked, checked_encodings

COLDEST = 1e-3


class Upstream:
    """A checkpoint of the official size, played by magenta. Attributes and methods are those of `model.NSynth`."""

    engine, bits_lost = "upstream", 0.0

    def __init__(self, checkpoint):
        self.config, self._prefix = checkpoint.config, str(checkpoint.prefix)

    def encode(self, sound, rate=None):
        own = self.config.sample_rate
        audio = resample(checked(sound, rate or own), rate or own, own)
        audio = np.pad(audio, (0, -len(audio) % self.config.hop))
        return fastgen.encode(audio, self._prefix, len(audio))[0]

    def decode(self, encodings, temperature=1.0, *, rate=None, seed=0):
        return self.stream(encodings, temperature, rate=rate, seed=seed).rest()

    def stream(self, encodings, temperature=1.0, *, rate=None, seed=0):
        own = self.config.sample_rate
        steps = checked_encodings(encodings, self.config.latent, own / self.config.hop)
        check_temperature(temperature)
        check_rate(rate or own)
        engine = FastGeneration(self._prefix, self.config.hop, steps, temperature, seed)
        return SoundStream(engine, own, rate or own)


class FastGeneration:
    """Magenta's graph for one sample, run once a sample.

    prefix: of a checkpoint of the official size. encodings: [sounds, hops, latent].
    """

    def __init__(self, prefix, hop, encodings, temperature, seed):
        self._hop, self._encodings, self._temperature = hop, encodings, max(temperature, COLDEST)
        self._random = np.random.default_rng(seed)
        self.codes = np.zeros((len(encodings), BEFORE + encodings.shape[1] * hop), np.int32)
        with tf.Graph().as_default() as graph:
            self._net = fastgen.load_fastgen_nsynth(batch_size=len(encodings))
            saver = tf.train.Saver()
        self._session = tf.Session(graph=graph, config=tf.ConfigProto(allow_soft_placement=True))
        saver.restore(self._session, prefix)
        self._session.run(self._net["init_ops"])

    def compute(self, begin, end):
        """Compute the samples begin <= t < end."""
        net = self._net
        for t in range(begin, end):
            feed = {
                net["X"]: mulaw.decode(self.codes[:, BEFORE + t - 1, None]),
                net["encoding"]: self._encodings[:, t // self._hop],
            }
            odds, _ = self._session.run([net["predictions"], net["push_ops"]], feed)
            odds = odds.astype(np.float64) ** (1 / self._temperature)
            below = odds.cumsum(1) < self._random.random((len(odds), 1)) * odds.sum(1, keepdims=True)
            self.codes[:, BEFORE + t] = below.sum(1).clip(0, 255) - mulaw.HALF


def load(path):
    """Load a checkpoint of the official size. Raises UserError."""
    tf.disable_v2_behavior()
    checkpoint = store.open_checkpoint(path)
    if not checkpoint.config.is_official:
        hint = "load it without --engine upstream"
        raise UserError("checkpoint", f"{checkpoint.name} is smaller than what magenta can play", hint)
    return Upstream(checkpoint)
