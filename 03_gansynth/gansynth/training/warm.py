"""A training that begins with the weights of a model, not with noise. Runs in a training."""

import numpy as np
import torch
from modelfiles.errors import UserError
from modelfiles.finding import find
from modelfiles.places import checkpoint_folders

from ..folder import generator_names, open_folder
from .codes import small_picture

POINTS = 160  # random points among which those for new timbres are looked for
SIZES = ("num_resolutions", "start_width", "fmap_base", "fmap_max", "latent_vector_size")
NOISE = 0.15  # standard deviation around a point that several timbres find, so that they are not one


def open_source(name):
    """The model folder of a model's name or path, or of a run's folder. Raises UserError."""
    return open_folder(find(name, checkpoint_folders(__file__), suffixes=(".zip",)))


def sizes_of(source, sample_rate):
    """The flags of a model that a network must share with it to take its weights.

    Raises
    ------
    UserError
        For a model of another sample rate, or one whose training had not grown to its full size.
    """
    if source.sample_rate != sample_rate:
        raise UserError(
            "input",
            f"{source.name} is a model of {source.sample_rate} Hz, the training set has {sample_rate} Hz",
            f"make the set with --rate {source.sample_rate}",
        )
    if source.blocks != source.flags["num_resolutions"] or "fmap_base" not in source.flags:
        raise UserError("checkpoint", f"{source.name} is no finished model", "train from nothing")
    return {name: source.flags[name] for name in SIZES}


def take_weights(network, source, pitches):
    """Give a network the weights of a model; its first layer is fitted to other pitches and other lengths.

    Parameters
    ----------
    network : TrainableGenerator
    source : ModelFolder
    pitches : list of int
        The network's MIDI pitches; each takes the weights of the model's nearest pitch.
    """
    tensors = {name: source.checkpoint[name] for name in generator_names(source.blocks)}
    first = generator_names(1)[0]
    latent, known = source.latent_size, np.array(source.pitches)
    rows = [*range(latent), *(latent + int(np.abs(known - pitch).argmin()) for pitch in pitches)]
    kernel = tensors[first][::-1]  # from the picture's first frames to its last
    frames = np.minimum(np.arange(network.size[0]), len(kernel) - 1)
    tensors[first] = kernel[frames][::-1][:, :, rows]
    network.take(tensors)


def near_codes(network, notes, cache, seed, known):
    """Points of a trained network that sound most like each timbre.

    Parameters
    ----------
    network : TrainableGenerator
    notes : Notes
    cache : Cache
    seed : int
    known : iterable of numpy.ndarray [latent]
        Points of what the network was trained on, among which is looked besides random ones.

    Returns
    -------
    codes : torch.Tensor [timbres, latent]
    spread : numpy.ndarray, float32 [latent]
        How much each number of a point moves the network, as a part of the most.
    """
    generator = torch.Generator().manual_seed(seed)
    points = torch.randn(POINTS, network.latent, generator=generator)
    points = torch.cat([*(torch.from_numpy(point)[None] for point in known), points])
    labels = {}
    found = np.zeros(len(notes.timbres), int)
    for timbre, row in enumerate(notes.table):
        pitched = np.flatnonzero(row >= 0)
        label = int(pitched[np.abs(pitched - row.size // 2).argmin()])
        if label not in labels:
            labels[label] = _painted(network, points, label, row.size, cache.pictures)
        wanted = small_picture(cache[row[label]].power.float())
        found[timbre] = np.square(labels[label] - wanted).sum(axis=1).argmin()
    shared = torch.from_numpy(np.bincount(found)[found] > 1)[:, None]
    codes = points[found] + NOISE * shared * torch.randn(len(found), network.latent, generator=generator)
    moved = network.kernels["conv0_1"].detach()[:, :, : network.latent].square().mean(dim=(0, 1, 3)).sqrt()
    return codes, (moved / moved.max()).numpy()


def _painted(network, points, label, labels, pictures):
    """Small pictures [points, numbers] of a network's points at one pitch."""
    one_hot = torch.nn.functional.one_hot(torch.full((1,), label), labels).float()
    with torch.no_grad():
        painted = [pictures.of_network(network(point[None], one_hot))[0][0] for point in points]
    return np.stack([small_picture(power) for power in painted])
