"""The points of the timbres that a model was trained on, as its folder tells them. Runs in workers and trainings."""

import numpy as np
from modelfiles.bounded import read_json
from modelfiles.errors import UserError

TIMBRES = "timbres.json"  # {name: the numbers of its point}


def known_timbres(folder):
    """{name: float32 [latents]} of a ModelFolder; {} where it tells none. Raises UserError where they are damaged."""
    file = folder.path / TIMBRES
    if not file.exists():
        return {}
    try:
        points = {str(name): np.asarray(point, np.float32) for name, point in read_json(file).items()}
        whole = all(
            point.shape == (folder.latent_size,) and np.isfinite(point).all() for point in points.values()
        )
    except (AttributeError, TypeError, ValueError):
        whole = False
    if not whole:
        raise UserError(
            "checkpoint", f"{file} is damaged: it should hold {folder.latent_size} numbers a timbre"
        )
    return points
