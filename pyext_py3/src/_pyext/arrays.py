"""`pyext.Buffer`: a Pd array as something like a numpy array."""

import numbers
import sys
import threading
import weakref

import _pyext
from _pyext.symbol import Symbol, name_bytes

try:
    import numpy
    from numpy.lib.mixins import NDArrayOperatorsMixin as Operators
except ImportError:
    numpy = None
    Operators = object

# Pd counts the bytes of an array, 8 a point, in an int, and does not survive more.
MOST_POINTS = (2**31 - 1) // 8


def _need_numpy():
    if numpy is None:
        raise RuntimeError(
            f"a Buffer needs numpy for this: {sys.executable} has none (apt install python3-numpy)"
        )


class Copies(threading.local):
    """The copies of slices that a thread holds, each with what was in it at first."""

    def __init__(self):
        self._taken = []

    def add(self, samples, begin, step):
        self._taken = [entry for entry in self._taken if entry[0]() is not None]
        self._taken.append((weakref.ref(samples), samples.copy(), begin, step))

    def changes(self):
        """(sample numbers, values) of each copy that was changed in place since it was taken."""
        for reference, before, begin, step in self._taken:
            samples = reference()
            if samples is None:
                continue
            changed = numpy.flatnonzero(samples.view(numpy.uint32) != before.view(numpy.uint32))
            if len(changed):
                before[changed] = samples[changed]
                yield begin + changed * step, samples[changed]


class Buffer(Operators):
    """A Pd array by name, looked up anew at each access, so that it may be deleted or resized meanwhile.

    On Pd's thread a slice is a writable float32 view of the array, for use within the method that took it. On any
    other thread it is a copy; `dirty()` writes back what that thread changed in it. Storing into the Buffer
    (`buffer[:] = samples`, `buffer *= 0.5`) reaches the array from every thread.

    While there is no such array, the length is 0, reading gives None and storing raises ValueError.
    """

    __hash__ = object.__hash__

    def __init__(self, name):
        self._name = name_bytes(name)
        self._copies = Copies()

    @property
    def symbol(self):
        """The array's name."""
        return Symbol(self._name.decode("utf-8", "surrogateescape"))

    def __len__(self):
        return max(_pyext.array_length(self._name), 0)

    def __repr__(self):
        return f"<Buffer {self.symbol}, {len(self)} samples>"

    def resize(self, frames, keep=1, zero=1):
        """Gives the array a new length (1 at least), keeps its samples and zeroes new ones. Returns the Buffer.

        `keep` and `zero` are there for old scripts and change nothing. RuntimeError when there is no such array,
        ValueError for more points than Pd can count.
        """
        if int(frames) > MOST_POINTS:
            raise ValueError(f"an array of {frames} points: Pd has room for {MOST_POINTS}")
        if not _pyext.array_resize(self._name, max(int(frames), 1)):
            raise RuntimeError(f"there is no array {self.symbol}")
        return self

    def dirty(self):
        """Has Pd draw the array again, after what this thread changed in its slices has been written back."""
        if not _pyext.on_pd_thread():
            for numbers, samples in self._copies.changes():
                self._write_at(numbers, samples)
        _pyext.array_redraw(self._name)

    def __getitem__(self, key):
        _need_numpy()
        if isinstance(key, slice) and not _pyext.on_pd_thread():
            return self._copy_of(key)
        samples = self._samples()
        return None if samples is None else samples[key]

    def __setitem__(self, key, value):
        _need_numpy()
        length = self._length()
        if isinstance(key, slice):
            self._store_slice(key.indices(length), value)
        elif isinstance(key, numbers.Integral):
            self._store_sample(int(key), length, value)
        else:
            samples = self._samples()
            samples[key] = value
            self._write(0, 1, samples)
        _pyext.array_redraw(self._name)

    def __iter__(self):
        _need_numpy()
        return iter(self._read(0, 1, len(self)))

    def __array__(self, dtype=None, copy=None):
        samples = self._samples()
        if samples is None:
            samples = numpy.empty(0, numpy.float32)
        return samples.astype(dtype or numpy.float32, copy=bool(copy))

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **options):
        inputs = [one._present_samples() if isinstance(one, Buffer) else one for one in inputs]
        if out:
            options["out"] = tuple(one._present_samples() if isinstance(one, Buffer) else one for one in out)
        result = getattr(ufunc, method)(*inputs, **options)
        for one, samples in zip(out, options.get("out", ())):
            if isinstance(one, Buffer):
                one[:] = samples
        return result if not out else out[0] if len(out) == 1 else out

    def _length(self):
        length = _pyext.array_length(self._name)
        if length < 0:
            raise ValueError(f"there is no array {self.symbol}")
        return length

    def _view(self):
        """What memoryview reads."""
        if not _pyext.on_pd_thread():
            raise BufferError("only Pd's thread can look into an array: take a slice, which is a copy")
        view = _pyext.array_view(self._name)
        if view is None:
            raise BufferError(f"there is no array {self.symbol}")
        return view

    def _samples(self):
        """All samples: the array itself on Pd's thread, a copy elsewhere. None when there is no array."""
        _need_numpy()
        if _pyext.on_pd_thread():
            view = _pyext.array_view(self._name)
            return None if view is None else numpy.asarray(view)
        length = _pyext.array_length(self._name)
        return None if length < 0 else self._read(0, 1, length)

    def _present_samples(self):
        samples = self._samples()
        if samples is None:
            raise ValueError(f"there is no array {self.symbol}")
        return samples

    def _copy_of(self, key):
        length = _pyext.array_length(self._name)
        if length < 0:
            return None
        begin, end, step = key.indices(length)
        samples = self._read(begin, step, len(range(begin, end, step)))
        self._copies.add(samples, begin, step)
        return samples

    def _store_slice(self, indices, value):
        begin, end, step = indices
        count = len(range(begin, end, step))
        values = numpy.asarray(value, numpy.float32)
        values = numpy.full(count, values) if values.ndim == 0 else values.reshape(-1)[:count]
        self._write(begin, step, values)

    def _store_sample(self, index, length, value):
        if not -length <= index < length:
            raise IndexError(f"sample {index} of {self.symbol}, which has {length}")
        self._write(index % length, 1, numpy.array([value], numpy.float32))

    def _write_at(self, numbers, samples):
        for run in numpy.split(numpy.arange(len(numbers)), numpy.flatnonzero(numpy.diff(numbers) != 1) + 1):
            self._write(int(numbers[run[0]]), 1, samples[run])

    def _read(self, begin, step, count):
        samples = numpy.empty(count, numpy.float32)
        moved = _pyext.array_read(self._name, begin, step, samples) if count else 0
        return samples[:moved]

    def _write(self, begin, step, values):
        if len(values):
            _pyext.array_write(self._name, begin, step, numpy.ascontiguousarray(values, numpy.float32))


_pyext.add_buffer_protocol(Buffer)
