"""Day 3, NSynth: a WaveNet autoencoder (Engel et al. 2017). Imported in Pd and the worker: loads nothing heavy."""


def load(name_or_path="starter_notes", engine="small", *, folders=None):
    """Load a model.

    Parameters
    ----------
    name_or_path : str or Path, optional
        The folder of a checkpoint, or its prefix such as `model.ckpt-200000`: a path, or a name in the day's
        `checkpoints` or among the downloads.
    engine : str, optional
        "small", or "upstream" (magenta, in the environment `tensorflow`).
    folders : iterable of path, optional
        Where names are looked for: the current folder, the day's `checkpoints` and the store if not given.

    Returns
    -------
    nsynth.model.NSynth
        Or the same calls through magenta.

    Raises
    ------
    UserError
        When there is no such model, or it is damaged.
    """
    from .loading import load

    return load(name_or_path, engine, folders=folders)
