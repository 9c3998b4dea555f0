"""Day 2, DDSP timbre transfer: sing, and an instrument plays it."""


def load(name_or_path="starter_violin", engine="small", **options):
    """Load a model; see `timbre_transfer.model.load`."""
    from . import model

    return model.load(name_or_path, engine, **options)
