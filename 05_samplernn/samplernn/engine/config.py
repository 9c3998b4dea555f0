"""The configuration of a SampleRNN, in the words of PRiSM's `*.config.json`; worker process and trainings."""

import dataclasses
from dataclasses import dataclass

from modelfiles.bounded import read_json
from modelfiles.errors import UserError

# What a model can be made of: beyond these, nothing that has been trained, or that a machine could play.
MOST = {
    "dim": 1 << 14,
    "num_rnn_layers": 64,
    "q_levels": 1 << 16,
    "emb_size": 1 << 16,
    "seq_len": 1 << 20,
    "sample_rate": 384000,
}


@dataclass(frozen=True)
class Config:
    """What a model is made of; the defaults are PRiSM's.

    frame_sizes: samples per frame of the middle and of the top tier; the second is a multiple of the first.
    dim: width of every layer. rnn_type: "gru" or "lstm". num_rnn_layers: per tier.
    skip_conn: every recurrent layer also feeds the tier's output.
    q_type: "linear" or "mu-law"; q_levels: number of sample values (mu-law has 256, of a network that may have more).
    emb_size: width of the table that turns a sample value into a vector (PRiSM's own models: q_levels).
    seq_len: samples per step of truncated backpropagation. sample_rate: in Hz, of the training sounds.
    """

    frame_sizes: tuple = (16, 64)
    dim: int = 1024
    rnn_type: str = "gru"
    num_rnn_layers: int = 4
    skip_conn: bool = False
    q_type: str = "mu-law"
    q_levels: int = 256
    emb_size: int = 256
    seq_len: int = 1024
    rnn_dropout: float = 0.0
    sample_rate: int = 16000

    def __post_init__(self):
        object.__setattr__(self, "frame_sizes", tuple(self.frame_sizes))
        object.__setattr__(self, "rnn_type", str(self.rnn_type).lower())
        if self.q_type == "mu-law":
            object.__setattr__(self, "q_levels", max(256, self.q_levels))
        self._check()

    def _check(self):
        if self.rnn_type not in ("gru", "lstm"):
            raise UserError("checkpoint", f"rnn_type is '{self.rnn_type}', it can be gru or lstm")
        if self.q_type not in ("linear", "mu-law"):
            raise UserError("checkpoint", f"q_type is '{self.q_type}', it can be linear or mu-law")
        for key, most in MOST.items():
            value = getattr(self, key)
            if type(value) is not int or not 1 <= value <= most:
                raise UserError(
                    "checkpoint", f"{key} is {repr(value)[:40]}, it must be a whole number, 1 to {most}"
                )
        sizes = self.frame_sizes
        if len(sizes) != 2 or not all(type(size) is int and 0 < size <= MOST["seq_len"] for size in sizes):
            raise UserError(
                "checkpoint", f"frame_sizes is {list(sizes)}, it must be two positive whole numbers"
            )
        if sizes[1] % sizes[0] or sizes[1] == sizes[0]:
            raise UserError(
                "checkpoint", f"frame_sizes is {list(sizes)}, the second must be a multiple of the first"
            )
        if self.seq_len % sizes[1]:
            raise UserError(
                "checkpoint", f"seq_len is {self.seq_len}, it must be a multiple of the frame of {sizes[1]}"
            )

    @property
    def frame_size(self):
        """Samples per frame of the middle tier."""
        return self.frame_sizes[0]

    @property
    def big_frame_size(self):
        """Samples per frame of the top tier, the block in which the model generates."""
        return self.frame_sizes[1]

    @classmethod
    def from_dict(cls, values):
        """A configuration from the keys of a JSON file; keys of no meaning here are left aside."""
        known = {field.name for field in dataclasses.fields(cls)}
        try:
            return cls(**{key: value for key, value in values.items() if key in known and value is not None})
        except TypeError as error:
            raise UserError(
                "checkpoint", f"the configuration does not hold what it should: {error}"
            ) from None

    def to_dict(self):
        """The configuration as a JSON file holds it."""
        return dataclasses.asdict(self) | {"frame_sizes": list(self.frame_sizes)}


def read_config(path):
    """The keys and values of a JSON configuration file, as they stand there."""
    return read_json(path)


SMALL = Config(dim=192, num_rnn_layers=2, emb_size=32, seq_len=512)
PRESETS = {
    **dict.fromkeys(("minutes", "coffee", "night"), SMALL),
    "laptop": dataclasses.replace(SMALL, seq_len=1024),
    "course": Config(rnn_type="lstm", skip_conn=True, q_type="linear"),
    "prism": Config(),
}
