"""Day 3, GANSynth: notes from points of a latent space. Imported in Pd and in the worker, so it loads nothing heavy."""


def load(name_or_path="starter", engine="small", *, folders=None):
    """Load a model.

    Parameters
    ----------
    name_or_path : str or Path, optional
        A model's folder or .zip: a path, or a name in the day's `checkpoints` or among the downloads.
    engine : str, optional
        "small" (torch), or "upstream" (magenta, in the environment `tensorflow`).
    folders : iterable of path, optional
        Where names are looked for: the current folder, the day's `checkpoints` and the store if not given.

    Returns
    -------
    gansynth.model.GANSynth
        Or the same calls through magenta.

    Raises
    ------
    UserError
        When there is no such model, or it is damaged.
    """
    from .loading import load

    return load(name_or_path, engine, folders=folders)
