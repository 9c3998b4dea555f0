"""A training that begins with the weights of a model, not with noise. Runs in a training."""

from modelfiles.checkpoint import load_checkpoint
from modelfiles.errors import UserError
from modelfiles.finding import find, latest
from modelfiles.places import checkpoint_folders

from ..engine import configuration
from ..engine.pitch import SAMPLE_RATE
from ..engine.timbre_model import decoder_tensors

USUAL = "starter_cello"  # what trainings begin with where nothing is said


def open_source(name, room=0):
    """(size, {"tensors", "inputs"}) of a model by its name or path, or of a run's folder.

    Parameters
    ----------
    name : str
    room : int
        Samples of the room that a model without one begins to learn; 0 for none.

    Raises
    ------
    UserError
        There is no such model, or it is of a kind that is not trained here.
    """
    path = find(name, checkpoint_folders(__file__))
    folder = path.parent if path.is_file() else path
    settings = configuration.read(configuration.newest(folder).read_text(encoding="utf-8", errors="replace"))
    if settings.z_time_steps or (settings.sample_rate, settings.hop_size) != (SAMPLE_RATE, 64):
        raise UserError(
            "checkpoint", f"{folder.name} is of a kind that is not trained here", "give another --from"
        )
    tensors = decoder_tensors(load_checkpoint(latest(folder)))
    splits = dict(settings.output_splits)
    size = {
        "rnn": tensors["decoder/rnn/rnn/cell/recurrent_kernel"].shape[0],
        "width": tensors["decoder/dense_out/kernel"].shape[0],
        "layers": sum(name.startswith("decoder/out_stack/") and name.endswith("/gamma") for name in tensors),
        "harmonics": splits["harmonic_distribution"],
        "noise": splits["noise_magnitudes"],
        "reverb": len(tensors["processor_group/reverb/ir"]) if settings.reverb else room,
    }
    return size, {"tensors": tensors, "inputs": settings.input_keys}
