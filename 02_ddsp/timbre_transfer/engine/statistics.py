"""Pitch and loudness of a model's training sounds: `dataset_statistics.pkl`, of which nothing is run.

Runs in the worker process.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from modelfiles.errors import UserError
from modelfiles.unpickling import Record, load_pickle_allow_list

NAME = "dataset_statistics.pkl"
TRANSFORMERS = (
    "ddsp.training.postprocessing.QuantileTransformer",
    "sklearn.preprocessing._data.QuantileTransformer",
    "sklearn.preprocessing.data.QuantileTransformer",
)


@dataclass(frozen=True)
class Statistics:
    """mean_pitch: MIDI, of the notes; loudness_quantiles: dB [n] at equal steps from the softest to the loudest."""

    mean_pitch: float
    loudness_quantiles: np.ndarray


def load(folder):
    """The Statistics in a model's folder, or None where there are none.

    Raises UserError when the file is damaged, or a pickle that wants to do more than hold numbers.
    """
    path = Path(folder, NAME)
    if not path.is_file():
        return None
    values = load_pickle_allow_list(path, records=TRANSFORMERS)
    try:
        transformer = values["quantile_transform"]
        attributes = transformer.attributes if isinstance(transformer, Record) else transformer
        quantiles = np.asarray(attributes["quantiles_"], np.float64).reshape(-1)
        return Statistics(float(values["mean_pitch"]), np.maximum.accumulate(quantiles))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError("checkpoint", f"{NAME} holds no statistics of a DDSP model: {error!r}") from None
