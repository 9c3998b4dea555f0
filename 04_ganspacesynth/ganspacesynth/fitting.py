"""Principal components of a layer, from many random points of the latent space."""

import numpy as np
from modelfiles.errors import UserError
from sklearn.decomposition import PCA

from .components import Components, fingerprint

BATCH = 64


def fit(model, *, layer="conv0", samples=8192, components=64, pitch=None, seed=0, tell=None):
    """Components of a layer of a `gansynth.model.GANSynth`.

    samples: how many random points. components: how many to compute, at most `samples`. pitch: the MIDI pitch at
    which to look; default: the model's middle one. tell: called with (fraction, text) now and then.
    """
    folder = model.folder
    pitch = folder.pitches[len(folder.pitches) // 2] if pitch is None else pitch
    if layer not in model.layers:
        raise UserError("input", f"{folder.name} has no layer {layer}; it has {', '.join(model.layers)}")
    shape = model.layers[layer]
    if not 1 <= components <= min(samples, np.prod(shape)):
        raise UserError(
            "input", f"{components} components from {samples} samples of {np.prod(shape)} numbers"
        )
    rows = activations(model, layer, samples, pitch, seed, tell)
    if tell:
        tell(0.5, f"{components} components")
    pca = PCA(components, svd_solver="randomized", random_state=seed, copy=False).fit(rows)
    return Components(
        layer=layer,
        comp=pca.components_.reshape(components, *shape),
        stdev=np.sqrt(pca.explained_variance_),
        var_ratio=pca.explained_variance_ratio_,
        mean=pca.mean_.reshape(shape),
        pitch=pitch,
        model=fingerprint(folder),
    )


def activations(model, layer, samples, pitch, seed, tell=None):
    """What a layer puts out for random points: float32 [samples, numbers of the layer]. See `fit`."""
    latents = model.random(samples, seed)
    rows = np.empty((samples, int(np.prod(model.layers[layer]))), np.float32)
    for start in range(0, samples, BATCH):
        part = latents[start : start + BATCH]
        found = model.activations(part, [pitch] * len(part), layer)
        rows[start : start + len(part)] = found.reshape(len(part), -1)
        if tell:
            tell(0.5 * (start + len(part)) / samples, f"{start + len(part)} of {samples} samples")
    return rows
