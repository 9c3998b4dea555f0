"""A trained model as the folder that ddsp's package and our engine open. Runs in a training."""

from pathlib import Path

import numpy as np
from dlwakit.base.files import whole_folder
from dlwakit.runs.folder import write_whole
from modelfiles.object_graph import GRAPH, object_graph
from modelfiles.tensor_bundle_writer import write_checkpoint

from ..engine.decoder import SUFFIX
from ..engine.statistics import NAME as STATISTICS

GIN = "operative_config-0.gin"


def write_model(folder, tensors, gin, statistics, step):
    """Write a model's folder; what it held before plays until the new weights are whole.

    Parameters
    ----------
    folder : Path
    tensors : dict of str to numpy.ndarray
        The weights by their names below `model/`.
    gin : str
        The text of the gin file.
    statistics : bytes
        Those of `statistics_of`.
    step : int
        How many steps it has learned.
    """
    named = {f"model/{name}{SUFFIX}": values for name, values in tensors.items()}
    named[f"save_counter{SUFFIX}"] = np.int64(1)
    graph = object_graph(named)
    prefix = f"ckpt-{step}"
    with whole_folder(Path(folder)) as place:
        write_whole(place / GIN, gin)
        write_whole(place / STATISTICS, statistics)
        write_checkpoint(place / prefix, {**named, GRAPH: graph})
        for file in place.glob("ckpt-*"):
            if not file.name.startswith(f"{prefix}."):
                file.unlink()
