"""Day 6, RAVE: it and any other TorchScript model that follows nn~'s convention, live and on arrays."""


def load(name_or_path="starter_drums", engine="small", **options):
    """Load a model; see `rave_rt.model.load`."""
    from . import model

    return model.load(name_or_path, engine, **options)
