"""Day 5, SampleRNN: a three-tier recurrent network that generates sound sample by sample (Mehri et al. 2017)."""


def load(name_or_path="starter_beat", engine="small", **options):
    """Load a model; see `samplernn.model.load`."""
    from . import model

    return model.load(name_or_path, engine, **options)
