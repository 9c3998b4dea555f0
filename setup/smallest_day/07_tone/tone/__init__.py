"""Day 7, the smallest one: a model that makes a tone."""


def load(name_or_path="starter_a", engine="small", **options):
    """Load a model; see `tone.model.load`."""
    from . import model

    return model.load(name_or_path, engine, **options)
