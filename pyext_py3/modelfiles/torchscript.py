"""The weights of a TorchScript file, read without running any of the code that it holds. Runs in the trainings."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import UserError
from .unpickling import Reader, Record, RecordMaker, Whole

OBJECTS = "data.pkl"  # of the archive: the modules and which tensor each has
KINDS = {
    f"torch.{name}Storage": np.dtype(kind)
    for name, kind in {"Float": "<f4", "Double": "<f8", "Half": "<f2", "Long": "<i8", "Int": "<i4"}.items()
}
DEEPEST = 64  # modules inside modules


def read_weights(path: str | Path) -> dict[str, NDArray]:
    """Read the tensors of a TorchScript file by the names that its `state_dict` has.

    Parameters
    ----------
    path : str or Path
        A file that `torch.jit.save` wrote.

    Returns
    -------
    dict of str to numpy.ndarray
        "module.submodule.weight" and so on, buffers included.

    Raises
    ------
    UserError
        The file is damaged, or holds something other than modules, numbers and tensors.
    """
    name = Path(path).name
    try:
        with zipfile.ZipFile(path) as archive:
            found = [entry for entry in archive.namelist() if entry.endswith(f"/{OBJECTS}")]
            folder = min(found, key=len)[: -len(OBJECTS)]
            objects = archive.read(folder + OBJECTS)
            top = _Archive(objects, lambda key: archive.read(f"{folder}data/{key}")).load()
            return dict(_tensors(top, "", DEEPEST))
    except UserError as error:
        raise UserError("checkpoint", f"{name}: {error.message}", error.hint) from None
    except OSError as error:
        raise UserError("checkpoint", f"cannot read {path}: {error.strerror or error}") from None
    except Exception as error:  # a mutated archive can be wrong in any way
        reason = type(error).__name__
        raise UserError("checkpoint", f"{name} is not a readable TorchScript file ({reason})") from None


class _Archive(Reader):
    """The pickle of a TorchScript archive: its classes come as records, its tensors as arrays."""

    def __init__(self, objects: bytes, storage: Callable[[str], bytes]) -> None:
        super().__init__(Whole(io.BytesIO(objects), len(objects)), frozenset())
        self._storage = storage

    def find_class(self, module: str, name: str) -> Callable:
        full = f"{module}.{name}"
        if module.startswith("__torch__"):
            return RecordMaker(full)
        if full in KINDS:
            return RecordMaker(full)
        if full in _MAKERS:
            return _MAKERS[full]
        return super().find_class(module, name)

    def persistent_load(self, pid: Any) -> NDArray:
        """A tensor's numbers, flat."""
        _, kind, key, _, count = pid
        numbers = np.frombuffer(self._storage(str(key)), KINDS[kind.name])
        if len(numbers) != count:
            raise UserError("checkpoint", "the archive is damaged: a tensor is not whole")
        return numbers


def _tensor(numbers: NDArray, offset: int, shape: tuple, strides: tuple, *_: object) -> NDArray:
    """What torch._utils._rebuild_tensor_v2 makes, by indices, so that no shape reaches beyond its numbers."""
    if prod(shape) > len(numbers) or len(shape) != len(strides):
        raise UserError("checkpoint", "the archive is damaged: a tensor is larger than its numbers")
    places = np.full(shape, offset, np.int64)
    for axis, (size, stride) in enumerate(zip(shape, strides)):
        places += (np.arange(size) * stride).reshape((-1, *[1] * (len(shape) - axis - 1)))
    return numbers[places]


def _plain(value: object, *_: object) -> object:
    return value


_MAKERS: dict[str, Callable] = {
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch.jit._pickle.restore_type_tag": _plain,
}


def _tensors(module: Any, before: str, depth: int) -> Any:
    """(name, array) of a module's tensors and of those of the modules in it."""
    if depth == 0:
        raise UserError("checkpoint", "the archive is damaged: its modules have no end")
    for name, value in module.attributes.items():
        if isinstance(value, np.ndarray):
            yield f"{before}{name}", value
        elif isinstance(value, Record):
            yield from _tensors(value, f"{before}{name}.", depth - 1)
