"""`pyext.Buffer`: a Pd array as something like a numpy array. Any thread."""

from __future__ import annotations

import numbers
import sys
import threading
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import _pyext
from _pyext.symbol import Symbol, name_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

try:
    import numpy
    from numpy.lib.mixins import NDArrayOperatorsMixin as Operators
except ImportError:
    numpy = None  # type: ignore[assignment]
    Operators = object  # type: ignore[assignment, misc]

# Pd counts the bytes of an array, 8 a point, in an int, and crashes beyond that.
MAX_POINTS = (2**31 - 1) // 8


def has_numpy() -> bool:
    """Return whether numpy is installed."""
    return numpy is not None


def _require_numpy() -> None:
    if not has_numpy():
        raise RuntimeError(
            f"a Buffer needs numpy for this: {sys.executable} has none (apt install python3-numpy)"
        )


class SliceCopies(threading.local):
    """The copies of slices that a thread holds, each with its first content."""

    def __init__(self) -> None:
        # (the copy, its first content, number of its first sample, step)
        self._copies: list[tuple[weakref.ref[NDArray[Any]], NDArray[Any], int, int]] = []

    def add(self, samples: NDArray[Any], begin: int, step: int) -> None:
        """Remember a copy for as long as the script keeps it."""
        self._copies = [entry for entry in self._copies if entry[0]() is not None]
        self._copies.append((weakref.ref(samples), samples.copy(), begin, step))

    def changes(self) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        """Yield (sample numbers, values) of each copy that was changed in place since it was made."""
        for reference, before, begin, step in self._copies:
            samples = reference()
            if samples is None:
                continue
            changed = numpy.flatnonzero(samples.view(numpy.uint32) != before.view(numpy.uint32))
            if len(changed):
                before[changed] = samples[changed]
                yield begin + changed * step, samples[changed]


class Buffer(Operators):
    """A Pd array, found by its name at each access, so that it may be deleted or resized meanwhile.

    On Pd's thread a slice is a writable float32 view of the array, for use within the method that made it. On any
    other thread it is a copy; `dirty()` writes back what that thread changed in it. Storing into the Buffer
    (`buffer[:] = samples`, `buffer *= 0.5`) reaches the array from every thread. Arithmetic and numpy functions
    take it as a float32 array [samples].

    While there is no such array, its length is 0, reading gives None and storing raises ValueError.

    Parameters
    ----------
    name : str or Symbol
        The name of the array.

    Raises
    ------
    ValueError
        If `name` is no text.

    Examples
    --------
    >>> wave = pyext.Buffer("array1")  # doctest: +SKIP
    >>> wave[:] = numpy.sin(numpy.linspace(0, 2 * numpy.pi, len(wave)))  # doctest: +SKIP
    """

    __hash__ = object.__hash__

    def __init__(self, name: str) -> None:
        self._name = name_bytes(name)
        self._copies = SliceCopies()

    @property
    def symbol(self) -> Symbol:
        """The name of the array."""
        return Symbol(self._name.decode("utf-8", "surrogateescape"))

    def __len__(self) -> int:
        """Return the number of samples."""
        return max(_pyext.array_length(self._name), 0)

    def __repr__(self) -> str:
        """Show name and length."""
        return f"<Buffer {self.symbol}, {len(self)} samples>"

    def resize(self, frames: float, keep: object = 1, zero: object = 1) -> Buffer:
        """Resize the array; its samples are kept and new ones are 0.

        Parameters
        ----------
        frames : int
            The new number of samples; Pd's least is 1.
        keep, zero : object
            Accepted for old scripts, without effect.

        Returns
        -------
        Buffer
            This one.

        Raises
        ------
        RuntimeError
            If there is no such array.
        ValueError
            If Pd cannot have as many samples.
        TimeoutError
            On other threads than Pd's, if its scheduler does not run within 10 seconds.
        """
        if int(frames) > MAX_POINTS:
            raise ValueError(f"an array of {frames} points: Pd has room for {MAX_POINTS}")
        if not _pyext.array_resize(self._name, max(int(frames), 1)):
            raise RuntimeError(f"there is no array {self.symbol}")
        return self

    def dirty(self) -> None:
        """Redraw the array, after writing back what this thread changed in copies of slices."""
        if not _pyext.on_pd_thread():
            for sample_numbers, samples in self._copies.changes():
                self._write_at(sample_numbers, samples)
        _pyext.array_redraw(self._name)

    def __getitem__(self, key: Any) -> Any:
        """Return samples as numpy would: a number, a slice (see the class) or a copy."""
        _require_numpy()
        if isinstance(key, slice) and not _pyext.on_pd_thread():
            return self._copy_of(key)
        samples = self._samples()
        return None if samples is None else samples[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        """Store samples; of a sequence as many as the slice has room for, a number in all of them."""
        _require_numpy()
        length = self._existing_length()
        if isinstance(key, slice):
            self._store_slice(key.indices(length), value)
        elif isinstance(key, numbers.Integral):
            self._store_sample(int(key), length, value)
        else:
            samples = self._existing_samples()
            samples[key] = value
            self._write(0, 1, samples)
        _pyext.array_redraw(self._name)

    def __iter__(self) -> Iterator[Any]:
        """Iterate over a copy of the samples."""
        _require_numpy()
        return iter(self._read(0, 1, len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the samples as a numpy array."""
        samples = self._samples()
        if samples is None:
            samples = numpy.empty(0, numpy.float32)
        return samples.astype(dtype or numpy.float32, copy=bool(copy))

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: Any, out: tuple[Any, ...] = (), **options: Any
    ) -> Any:
        """Compute a numpy function of the samples; a Buffer as output is stored into."""
        arguments = [value._existing_samples() if isinstance(value, Buffer) else value for value in inputs]
        if out:
            options["out"] = tuple(
                value._existing_samples() if isinstance(value, Buffer) else value for value in out
            )
        result = getattr(ufunc, method)(*arguments, **options)
        for target, samples in zip(out, options.get("out", ())):
            if isinstance(target, Buffer):
                target[:] = samples
        if not out:
            return result
        return out[0] if len(out) == 1 else out

    def _existing_length(self) -> int:
        length = _pyext.array_length(self._name)
        if length < 0:
            raise ValueError(f"there is no array {self.symbol}")
        return length

    def _view(self) -> _pyext.ArrayView:
        """Return what memoryview reads; C++ calls this."""
        if not _pyext.on_pd_thread():
            raise BufferError("only Pd's thread can view an array: take a slice, which is a copy")
        view = _pyext.array_view(self._name)
        if view is None:
            raise BufferError(f"there is no array {self.symbol}")
        return view

    def _samples(self) -> NDArray[Any] | None:
        """Return a view of the array on Pd's thread, a copy elsewhere, None when there is no array."""
        _require_numpy()
        if _pyext.on_pd_thread():
            view = _pyext.array_view(self._name)
            return None if view is None else numpy.asarray(view)
        length = _pyext.array_length(self._name)
        return None if length < 0 else self._read(0, 1, length)

    def _existing_samples(self) -> NDArray[Any]:
        samples = self._samples()
        if samples is None:
            raise ValueError(f"there is no array {self.symbol}")
        return samples

    def _copy_of(self, key: slice) -> NDArray[Any] | None:
        length = _pyext.array_length(self._name)
        if length < 0:
            return None
        begin, end, step = key.indices(length)
        samples = self._read(begin, step, len(range(begin, end, step)))
        self._copies.add(samples, begin, step)
        return samples

    def _store_slice(self, indices: tuple[int, int, int], value: Any) -> None:
        begin, end, step = indices
        count = len(range(begin, end, step))
        values = numpy.asarray(value, numpy.float32)
        values = numpy.full(count, values) if values.ndim == 0 else values.reshape(-1)[:count]
        self._write(begin, step, values)

    def _store_sample(self, index: int, length: int, value: Any) -> None:
        if not -length <= index < length:
            raise IndexError(f"sample {index} of {self.symbol}, which has {length}")
        self._write(index % length, 1, numpy.array([value], numpy.float32))

    def _write_at(self, sample_numbers: NDArray[Any], samples: NDArray[Any]) -> None:
        """Write samples at ascending or descending numbers, each run of neighbours at once."""
        breaks = numpy.flatnonzero(numpy.diff(sample_numbers) != 1) + 1
        for run in numpy.split(numpy.arange(len(sample_numbers)), breaks):
            self._write(int(sample_numbers[run[0]]), 1, samples[run])

    def _read(self, begin: int, step: int, count: int) -> NDArray[Any]:
        samples = numpy.empty(count, numpy.float32)
        copied = _pyext.array_read(self._name, begin, step, samples) if count else 0
        return samples[:copied]

    def _write(self, begin: int, step: int, values: NDArray[Any]) -> None:
        if len(values):
            _pyext.array_write(self._name, begin, step, numpy.ascontiguousarray(values, numpy.float32))


_pyext.add_buffer_protocol(Buffer)
