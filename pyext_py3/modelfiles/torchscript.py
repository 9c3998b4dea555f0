"""The modules of a TorchScript file, read without running any of the code that it holds. Runs in the workers.

Such a file is an archive: `data.pkl` says which module has which numbers, texts, tensors and modules in it,
`data/` holds the tensors, and below `code/` stands the program of each module's class as text. From that text only
the values that a class declares as `Final` are taken, as literals.
"""

from __future__ import annotations

import ast
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bounded import MAX_UNPACKED_BYTES, check_unpacked
from .errors import UserError
from .unpickling import MOST_AXES, Reader, Record, RecordMaker, Whole, is_size

OBJECTS = "data.pkl"  # of the archive: the modules and which tensor each has
KINDS = {
    f"torch.{name}Storage": np.dtype(kind)
    for name, kind in {
        "Float": "<f4",
        "Double": "<f8",
        "Half": "<f2",
        "Long": "<i8",
        "Int": "<i4",
        "Bool": "?",
    }.items()
}
DEEPEST = 64  # modules inside modules
MOST_TEXT_BYTES = 32 << 20  # of objects and programs together, which are read piece by piece
REPEATED = 1 << 18  # values of a tensor that repeats fewer numbers, as torch's `expand` makes it
MANGLED = re.compile(r"___torch_mangle_\d+\.")
CONSTANT = re.compile(r"^  (\w+) : Final\[[^=\n]*\] = (.{1,200})$", re.MULTILINE)
CLASS = re.compile(r"^class (\w+)\(.*\):$", re.MULTILINE)
FUNCTION = re.compile(r"^def ", re.MULTILINE)  # after the classes of a file


@dataclass(eq=False)
class Module:
    """A module of a TorchScript file.

    Attributes
    ----------
    kind : str
        The full name of its class, such as "torch.nn.modules.conv.Conv1d".
    values : dict of str to object
        Its attributes: None, numbers, text, lists and tuples of them, numpy.ndarray for a tensor, and Module.
    constants : dict of str to object
        What its class declares as `Final`.
    code : str
        The program of its class, as text.
    """

    kind: str
    values: dict[str, Any] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    code: str = ""

    def tensors(self, before: str = "") -> Iterator[tuple[str, NDArray]]:
        """Yield (name, array) of its tensors and of those of the modules in it."""
        for name, value in self.values.items():
            if isinstance(value, np.ndarray):
                yield f"{before}{name}", value
            elif isinstance(value, Module):
                yield from value.tensors(f"{before}{name}.")


def read_modules(path: str | Path) -> Module:
    """Read a TorchScript file; nothing of it is run.

    Parameters
    ----------
    path : str or Path
        A file that `torch.jit.save` wrote.

    Returns
    -------
    Module
        The outermost one.

    Raises
    ------
    UserError
        The file is damaged, or holds something other than modules, numbers and tensors.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            check_unpacked(path, members)
            texts = (one.file_size for one in members if one.filename.endswith((OBJECTS, ".py")))
            if sum(texts) > MOST_TEXT_BYTES:
                raise UserError("checkpoint", "its program is larger than any model's")
            return _Archive(archive).top()
    except UserError as error:
        raise UserError("checkpoint", f"{path.name}: {error.message}", error.hint) from None
    except OSError as error:
        raise UserError("checkpoint", f"cannot read {path}: {error.strerror or error}") from None
    except Exception as error:  # a mutated archive can be wrong in any way
        reason = type(error).__name__
        raise UserError(
            "checkpoint",
            f"{path.name} is not a TorchScript file, or is damaged ({reason})",
            "export or download it again",
        ) from None


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
        See `read_modules`.
    """
    arrays = dict(read_modules(path).tensors())
    if sum(array.nbytes for array in arrays.values()) > MAX_UNPACKED_BYTES:
        raise UserError("checkpoint", f"{Path(path).name}: its tensors are larger than any model's")
    return {name: array.copy() for name, array in arrays.items()}


class _Archive:
    """What is in the archive, by name."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = frozenset(archive.namelist())
        names = [entry for entry in self._names if entry.endswith(f"/{OBJECTS}")]
        self._folder = min(names, key=len)[: -len(OBJECTS)]
        self._numbers: dict[tuple[str, str], NDArray] = {}
        self._programs: dict[str, dict[str, str]] = {}
        self._declared: dict[str, dict[str, Any]] = {}  # the constants of a class, by its name
        self._modules: dict[int, Module | None] = {}

    def top(self) -> Module:
        """Read the outermost module."""
        found = _Objects(self._archive.read(self._folder + OBJECTS), self.numbers).load()
        if not isinstance(found, Record):
            raise UserError("checkpoint", "the archive is damaged: it holds no module")
        return self._module(found, DEEPEST)

    def numbers(self, kind: str, key: str) -> NDArray:
        """Read a tensor's numbers, flat."""
        if (kind, key) not in self._numbers:
            data = self._archive.read(f"{self._folder}data/{key}")
            self._numbers[kind, key] = np.frombuffer(data, KINDS[kind])
        return self._numbers[kind, key]

    def _module(self, record: Record, depth: int) -> Module:
        known = self._modules.get(id(record))
        if known is not None:
            return known
        if depth == 0 or id(record) in self._modules:
            raise UserError("checkpoint", "the archive is damaged: its modules have no end")
        self._modules[id(record)] = None  # as long as what it holds is not read
        name = record.name.removeprefix("__torch__.")
        code = self._program(name)
        if name not in self._declared:
            self._declared[name] = _constants(code)
        module = Module(MANGLED.sub("", name), {}, dict(self._declared[name]), code)
        for key, value in record.attributes.items():
            module.values[key] = self._module(value, depth - 1) if isinstance(value, Record) else value
        self._modules[id(record)] = module
        return module

    def _program(self, name: str) -> str:
        """The text of a class; "" where there is none."""
        place, _, own = name.rpartition(".")
        file = f"{self._folder}code/__torch__/{place.replace('.', '/')}.py"
        if file not in self._programs:
            text = self._archive.read(file).decode() if file in self._names else ""
            parts = CLASS.split(text)
            classes = (FUNCTION.split(part)[0] for part in parts[2::2])
            self._programs[file] = dict(zip(parts[1::2], classes))
        return self._programs[file].get(own, "")


def _constants(code: str) -> dict[str, Any]:
    return {name: ast.literal_eval(text) for name, text in CONSTANT.findall(code)}


class _Objects(Reader):
    """The pickle of a TorchScript archive: its classes come as records, its tensors as arrays."""

    def __init__(self, objects: bytes, numbers: Callable[[str, str], NDArray]) -> None:
        super().__init__(Whole(io.BytesIO(objects), len(objects)), frozenset())
        self._numbers = numbers

    def find_class(self, module: str, name: str) -> Callable:
        full = f"{module}.{name}"
        if module.startswith("__torch__") or full in KINDS:
            return RecordMaker(full)
        if full in _MAKERS:
            return _MAKERS[full]
        return super().find_class(module, name)

    def persistent_load(self, pid: Any) -> NDArray:
        """Return a tensor's numbers, flat."""
        _, kind, key, _, count = pid
        if not isinstance(key, (str, int)):
            raise UserError("checkpoint", "the archive is damaged: a tensor has no name")
        numbers = self._numbers(kind.name, str(key))
        if len(numbers) != count:
            raise UserError("checkpoint", "the archive is damaged: a tensor is not whole")
        return numbers


def _tensor(numbers: NDArray, offset: int, shape: tuple, strides: tuple, *_: object) -> NDArray:
    """What torch._utils._rebuild_tensor_v2 makes, where no place of it lies beyond its numbers."""
    sizes = [offset, *shape, *strides]
    if not len(shape) == len(strides) <= MOST_AXES or not all(map(is_size, sizes)):
        raise UserError("checkpoint", "the archive is damaged: a tensor has no shape")
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides))
    if prod(shape) > max(len(numbers), REPEATED) or (prod(shape) and last >= len(numbers)):
        raise UserError("checkpoint", "the archive is damaged: a tensor is larger than its numbers")
    if not prod(shape):
        return np.zeros(shape, numbers.dtype)
    steps = [stride * numbers.itemsize for stride in strides]
    return np.lib.stride_tricks.as_strided(numbers[offset:], shape, steps, writeable=False)


def _plain(value: object, *_: object) -> object:
    return value


_MAKERS: dict[str, Callable] = {
    "torch._utils._rebuild_tensor_v2": _tensor,
    **{
        f"torch.jit._pickle.{name}": _plain
        for name in (
            "restore_type_tag",
            "build_intlist",
            "build_doublelist",
            "build_boollist",
            "build_tensorlist",
        )
    },
}
