"""Pickles of numbers, arrays, lists and dicts, read without running anything that they name. Runs in the workers.

A pickle is a program. This reader lets it name a few constructors only, gives it harmless ones of its own,
and checks what it hands to numpy: `numpy.dtype.__setstate__` believes a hostile state and can crash the
process.
"""

from __future__ import annotations

import collections
import functools
import io
import pickle
from collections.abc import Callable, Iterable
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np
from numpy.typing import NDArray

from .errors import UserError
from .regular import read_bytes

PLAIN_KINDS = "biufcSUV"  # everything but Python objects and dates


class Record:
    """What stands for an object of a class that is not imported: its attributes, and the class's name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.attributes: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"<{self.name} with {', '.join(map(str, self.attributes))}>"


MAX_BYTES = 1 << 30
MOST_UNFOLDED = 1 << 26  # parts of an object, each counted as often as it stands in it
MOST_AXES = 32  # of an array
MOST_KEYS = 10_000  # that are no texts: a stranger can choose numbers that are slow to tell apart


def load_pickle_allow_list(path: str | Path, records: Iterable[str] = ()) -> Any:
    """Read a pickle of None, bool, numbers, text, bytes, tuple, list, set, dict, OrderedDict and numpy data.

    Parameters
    ----------
    path : str or Path
    records : iterable of str
        Full names of classes and functions ("package.module.Class") whose objects are wanted for their attributes
        only. They come as `Record`; none of their code is run or imported. Names below "numpy.random" always do.

    Returns
    -------
    object
        What was pickled.

    Raises
    ------
    UserError
        The pickle is damaged or names anything else.
    """
    try:
        content = read_bytes(path, MAX_BYTES)
        with io.BytesIO(content) as file:
            return Reader(Whole(file, len(content)), frozenset(records)).load()
    except UserError as error:
        raise UserError("checkpoint", f"{Path(path).name}: {error.message}", error.hint) from None
    except OSError as error:
        raise UserError("checkpoint", f"cannot read {path}: {error.strerror}") from None
    except Exception as error:
        # A mutated pickle can do any wrong thing with any harmless object.
        reason = type(error).__name__
        raise UserError("checkpoint", f"{Path(path).name} is not a readable pickle ({reason})") from None


class Whole:
    """A file that gives all the bytes that it is asked for, or refuses before it makes room for them."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._left = size
        self._file = file

    def read(self, size: int) -> bytes:
        return self._count(self._file.read(self._allow(size)))

    def readline(self) -> bytes:
        return self._count(self._file.readline())

    def _allow(self, size: int) -> int:
        if not 0 <= size <= self._left:
            raise UserError("checkpoint", "the pickle is damaged: it ends too early")
        return size

    def _count(self, data: bytes) -> bytes:
        self._left -= len(data)
        return data


def is_size(value: object) -> bool:
    """Whether a value is a number that counts something in memory."""
    return type(value) is int and 0 <= value < 1 << 62


def _dtype(text: object, align: object = False, copy: object = True) -> np.dtype:
    dtype = np.dtype(str(text)) if isinstance(text, (str, bytes)) and len(text) < 16 else None
    if dtype is None or dtype.kind not in PLAIN_KINDS or dtype.names or dtype.subdtype:
        said = text[:40] if isinstance(text, (str, bytes)) else type(text).__name__
        raise UserError("checkpoint", f"the pickle holds numpy data of the kind {said!r}, not read here")
    return np.dtype(dtype, copy=True)


def _array(data_type: object, shape: object, type_code: object) -> NDArray:
    return np.empty(0, np.int8)  # as numpy's _reconstruct: filled by a BUILD instruction


def _array_from_buffer(buffer: Any, dtype: Any, shape: Any, order: Any) -> NDArray:
    _expect_dtype(dtype)
    return np.frombuffer(_raw_bytes(buffer), dtype).reshape(shape, order=order).copy(order)


def _scalar(dtype: Any, raw: Any) -> Any:
    _expect_dtype(dtype)
    return np.frombuffer(_raw_bytes(raw), dtype, 1)[0]


def _encode(text: Any, encoding: object) -> bytes:
    if encoding not in ("latin1", "latin-1"):
        raise UserError("checkpoint", "the pickle uses an encoding that is not read here")
    return bytes(text.encode("latin1"))


def _inert(*_: object) -> None:
    return None


def _expect_dtype(value: object) -> None:
    if not isinstance(value, np.dtype):
        raise UserError("checkpoint", "the pickle is damaged: numpy data without a type")


def _raw_bytes(raw: Any) -> bytes:
    if isinstance(raw, str):
        return raw.encode("latin1")  # Python 2 wrote text
    if not isinstance(raw, (bytes, bytearray)):  # of a number, Python would make that many zeros
        raise UserError("checkpoint", "the pickle is damaged: bytes are made of something else")
    return bytes(raw)


def _bytearray(raw: Any = b"", encoding: object = "latin1") -> bytearray:
    if encoding not in ("latin1", "latin-1"):
        raise UserError("checkpoint", "the pickle uses an encoding that is not read here")
    return bytearray(_raw_bytes(raw))


_GLOBALS: dict[str, Callable] = {
    "numpy.dtype": _dtype,
    "numpy.ndarray": _inert,
    "_codecs.encode": _encode,
    "builtins.complex": complex,
    "builtins.bytearray": _bytearray,
    "builtins.object": _inert,
}
_COLLECTIONS: dict[str, Callable] = {
    "collections.OrderedDict": collections.OrderedDict,
    "builtins.set": set,
    "builtins.frozenset": frozenset,
}
for _core in ("numpy.core", "numpy._core"):  # before numpy 2, and since
    _GLOBALS[f"{_core}.multiarray._reconstruct"] = _array
    _GLOBALS[f"{_core}.multiarray.scalar"] = _scalar
    _GLOBALS[f"{_core}.numeric._frombuffer"] = _array_from_buffer


def _then(first: Callable, second: Callable) -> Callable:
    """What does one thing and then another."""

    def do(reader: Any) -> None:
        first(reader)
        second(reader)

    return do


def _folded() -> UserError:
    return UserError("checkpoint", "the pickle is damaged: it says the same things again and again")


def _unfold(value: Any, known: dict[int, int]) -> int:
    """Count the parts of an object, each as often as it stands in it. Raises UserError where that has no end."""
    if isinstance(value, dict):
        parts = [*value.keys(), *value.values()]
    elif isinstance(value, Record):
        parts = list(value.attributes.values())
    elif isinstance(value, (list, tuple, set, frozenset)):
        parts = list(value)
    else:
        return 1
    if known.get(id(value)) == 0:  # it is in itself
        raise _folded()
    if id(value) not in known:
        known[id(value)] = 0
        known[id(value)] = 1 + sum(_unfold(part, known) for part in parts)
    if known[id(value)] > MOST_UNFOLDED:
        raise _folded()
    return known[id(value)]


class Reader(pickle._Unpickler):
    """The standard library's own reader in Python: the one in C takes gigabytes for a hostile memo number."""

    dispatch: ClassVar[dict[int, Callable]] = dict(pickle._Unpickler.dispatch)
    stack: list[Any]
    append: Callable[[Any], None]
    read: Callable[[int], bytes]

    def __init__(self, file: Whole, records: frozenset[str]) -> None:
        super().__init__(file, encoding="latin1")
        self._records = records
        self._keys = 0  # that are no texts, of all dicts and sets
        self._tuples: dict[int, tuple[tuple, int]] = {}  # by id, which so stays its own: each, and its parts

    def load(self) -> Any:
        """Read the object. Raises UserError for one that says far more than its bytes, by saying parts of it again."""
        value = super().load()
        _unfold(value, {})
        return value

    def find_class(self, module: str, name: str) -> Callable:
        full = f"{module.replace('__builtin__', 'builtins')}.{name}"
        if full in _GLOBALS:
            return _GLOBALS[full]
        if full in _COLLECTIONS:
            return functools.partial(self._collect, _COLLECTIONS[full])
        if full in self._records or full.startswith("numpy.random."):
            return RecordMaker(full)
        if full == "copyreg._reconstructor" or full == "copy_reg._reconstructor":
            return _reconstructor
        raise UserError(
            "checkpoint",
            f"the pickle wants to use {full}, which a file of numbers has no need of; it was not run",
            "only open files that you trust",
        )

    def _new_object(self) -> None:
        """NEWOBJ: an object of a class, as protocols 2 and later make it."""
        arguments = self.stack.pop()
        self.stack[-1] = _reconstructor(self.stack[-1], *arguments)

    def _new_object_with_keywords(self) -> None:
        keywords, arguments = self.stack.pop(), self.stack.pop()
        self.stack[-1] = _reconstructor(self.stack[-1], *arguments, *keywords.values())

    def _bytearray(self) -> None:
        """BYTEARRAY8: the standard library makes room for it before it looks whether the bytes are there."""
        self.append(bytearray(self.read(int.from_bytes(self.read(8), "little"))))

    def _build(self) -> None:
        """BUILD: give an object its state. Only numpy's and Records have one."""
        state = self.stack.pop()
        target = self.stack[-1]
        if isinstance(target, Record):
            _fill_record(target, state)
        elif isinstance(target, np.dtype):
            _fill_dtype(target, state)
        elif isinstance(target, np.ndarray):
            _fill_array(target, state)
        else:
            raise UserError("checkpoint", "the pickle is damaged: it changes an object that has no state")

    def _collect(self, maker: Callable, *arguments: Any) -> Any:
        for given in arguments:
            self._count(given)
        return maker(*arguments)

    def _count(self, keys: Iterable[Any]) -> None:
        """Count keys of a dict, or members of a set, before they are put into it."""
        self._keys += sum(type(key) is not str for key in keys)
        if self._keys > MOST_KEYS:
            raise UserError("checkpoint", "the pickle is damaged: it has more keys than any such file")

    def _measure(self) -> None:
        """Count the parts of a new tuple: as a key, or as text, it would take the time of all of them."""
        made = self.stack[-1]
        parts = 1 + sum(self._tuples.get(id(part), (part, 1))[1] for part in made)
        if parts > MOST_UNFOLDED:
            raise _folded()
        if made:
            self._tuples[id(made)] = made, parts

    dispatch[pickle.BUILD[0]] = _build
    dispatch[pickle.BYTEARRAY8[0]] = _bytearray
    dispatch[pickle.NEWOBJ[0]] = _new_object
    dispatch[pickle.NEWOBJ_EX[0]] = _new_object_with_keywords


for _filled, _keys_of in {  # what these instructions find on the stack
    pickle.SETITEM: lambda stack: stack[-2:-1],
    pickle.SETITEMS: lambda stack: stack[::2],
    pickle.DICT: lambda stack: stack[::2],
    pickle.ADDITEMS: lambda stack: stack,
    pickle.FROZENSET: lambda stack: stack,
}.items():
    Reader.dispatch[_filled[0]] = _then(
        lambda reader, keys_of=_keys_of: reader._count(keys_of(reader.stack)), Reader.dispatch[_filled[0]]
    )
for _made in (pickle.TUPLE, pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3):
    Reader.dispatch[_made[0]] = _then(Reader.dispatch[_made[0]], Reader._measure)


class RecordMaker:
    """Stands for a class or function by name; calling it in any way makes a Record."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *_: object) -> Record:
        return Record(self.name)


def _reconstructor(maker: object, *arguments: object) -> Record:
    if not isinstance(maker, RecordMaker):
        raise UserError(
            "checkpoint", "the pickle is damaged: it makes an object of something that is no class"
        )
    return maker(*arguments)


def _fill_record(record: Record, state: Any) -> None:
    if isinstance(state, tuple) and len(state) == 2 and isinstance(state[0], (dict, type(None))):
        state = {**(state[0] or {}), **(state[1] or {})}  # __dict__ and __slots__
    record.attributes = state if isinstance(state, dict) else {"state": state}


def _fill_dtype(dtype: Any, state: Any) -> None:
    """numpy's own states say much more; of a plain type only the byte order can differ from its name."""
    _, order, subdtype, names, fields, *_ = state
    if order not in ("<", ">", "=", "|") or (subdtype, names, fields) != (None, None, None):
        raise UserError("checkpoint", "the pickle holds numpy data of a kind that is not read here")
    size, alignment = (dtype.itemsize, dtype.alignment) if dtype.kind in "SUV" else (-1, -1)
    dtype.__setstate__((3, order, None, None, None, size, alignment, 0))


def _fill_array(array: Any, state: Any) -> None:
    _, shape, dtype, fortran, raw = state
    _expect_dtype(dtype)
    raw = _raw_bytes(raw)
    fits = len(shape) <= MOST_AXES and all(map(is_size, shape))
    if not fits or len(raw) != prod(shape) * dtype.itemsize:
        raise UserError("checkpoint", "the pickle is damaged: an array's size does not fit its shape")
    array.__setstate__((1, shape, dtype, bool(fortran), raw))
