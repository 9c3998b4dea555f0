"""Reading model files without running a stranger's code: checkpoints, archives, pickles, sounds.

    from modelfiles.checkpoint import load_checkpoint
    from modelfiles.finding import find

    path = find("violin", folders, suffixes=("",))
    weights = load_checkpoint(path)           # V1 or V2, a prefix or a training folder
    weights["fully_connected/weights"].shape  # each array is read and checked when it is asked for

Used by the models, by the workers and by the command line; knows neither Pd nor pipes.
"""
