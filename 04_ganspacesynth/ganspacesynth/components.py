"""The principal components of a layer's activations: directions to move in, and files to keep them in.

What an edit means here, everywhere: an edit of 1 along a component moves the layer by one standard deviation of
the sounds that the components were computed from. A layer is either moved (offset = sum of edit x stdev x
component) or put in place whole (mean + that sum). Härkönen et al., "GANSpace", 2020 (https://arxiv.org/abs/2004.02546).
"""

import hashlib
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gansynth.folder import generator_names
from modelfiles.bounded import read_npz
from modelfiles.errors import UserError
from modelfiles.unpickling import load_pickle_allow_list

ARRAYS = {"comp": "comp", "stdev": "stdev", "var_ratio": "var_ratio", "global_mean": "mean"}


@dataclass
class Components:
    """layer: its name. comp: [k, height, width, channels], each of length 1. stdev: [k]. var_ratio: [k], the part of
    the whole variance. mean: [height, width, channels]. pitch: the MIDI pitch they were computed at, or None.
    model: `fingerprint` of the model they belong to, or "" where the file does not say.
    """

    layer: str
    comp: np.ndarray
    stdev: np.ndarray
    var_ratio: np.ndarray
    mean: np.ndarray
    pitch: int | None = None
    model: str = ""

    @property
    def count(self):
        return len(self.stdev)

    def offset(self, edits):
        """Sum of edit x stdev x component: [notes, height, width, channels] for edits [notes, up to k]."""
        return np.tensordot(self._fit(edits) * self.stdev, self.comp, axes=1).astype(np.float32)

    def place(self, edits):
        """The mean and that sum."""
        return self.mean.astype(np.float32) + self.offset(edits)

    def change(self, edits, replace=False):
        """The arguments of `GANSynth.generate` for edits [notes, up to k]."""
        values = self.place(edits) if replace else self.offset(edits)
        return {"layer": self.layer, "offset": values, "replace": replace}

    def _fit(self, edits):
        edits = np.atleast_2d(np.asarray(edits, np.float64))
        if not np.isfinite(edits).all():
            raise UserError("input", "an edit is not a number")
        surplus = edits[:, self.count :]
        if surplus.any():
            raise UserError("input", f"edits for {edits.shape[1]} components; there are {self.count}")
        edits = edits[:, : self.count]
        return np.pad(edits, ((0, 0), (0, self.count - edits.shape[1])))

    def check(self, folder, layers):
        """Raise UserError unless these are components of that model (its folder, its layers' shapes)."""
        if self.layer not in layers:
            raise UserError(
                "checkpoint", f"components of layer {self.layer}, which {folder.name} does not have"
            )
        if self.mean.shape != tuple(layers[self.layer]):
            raise UserError(
                "checkpoint",
                f"components of a layer of {self.mean.shape}; {self.layer} of {folder.name} has {layers[self.layer]}",
            )
        if self.model and self.model != fingerprint(folder):
            raise UserError(
                "checkpoint",
                f"these components were computed from another model than {folder.name}",
                f"compute its own: setup/dlwa train ganspace {folder.path}",
            )

    def write(self, path):
        """Write a file: `.npz`, or the original's `.pickle`."""
        arrays = {key: getattr(self, name) for key, name in ARRAYS.items()}
        if Path(path).suffix == ".pickle":
            with open(path, "wb") as file:
                pickle.dump({"layer": self.layer, "estimator": "pca", **arrays}, file, protocol=4)
        else:
            pitch = -1 if self.pitch is None else self.pitch
            np.savez(path, layer=self.layer, pitch=pitch, model=self.model, **arrays)


def fingerprint(folder):
    """A short text that tells one model's weights from another's."""
    names = generator_names(1)[:2]
    digest = hashlib.sha256(
        b"".join(np.ascontiguousarray(folder.checkpoint[name]).tobytes() for name in names)
    )
    return digest.hexdigest()[:16]


def read(path):
    """Read components from `.npz`, or from a pickle of the original's without running any of it.

    Raises UserError for anything that is not such a file, whole and consistent.
    """
    path = Path(path)
    found = read_npz(path) if path.suffix == ".npz" else load_pickle_allow_list(path)
    if not isinstance(found, dict) or not {"layer", *ARRAYS} <= set(found):
        raise UserError("checkpoint", f"{path.name} holds no components")
    try:
        arrays = {name: np.asarray(found[key], np.float32) for key, name in ARRAYS.items()}
        pitch = int(found.get("pitch", -1))
    except (TypeError, ValueError):
        raise UserError("checkpoint", f"{path.name} holds no components") from None
    comp, stdev, mean = arrays["comp"], arrays["stdev"], arrays["mean"]
    if (
        comp.ndim != 4
        or comp.shape[1:] != mean.shape
        or not len(comp) == len(stdev) == len(arrays["var_ratio"])
    ):
        raise UserError(
            "checkpoint", f"{path.name} is inconsistent: components of {comp.shape}, mean of {mean.shape}"
        )
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise UserError("checkpoint", f"{path.name} is damaged: it holds something that is not a number")
    return Components(
        str(found["layer"]), pitch=None if pitch < 0 else pitch, model=str(found.get("model", "")), **arrays
    )
