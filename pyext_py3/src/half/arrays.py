"""`pyext.Buffer`: a Pd array as something like a numpy array."""

import _pyext
from _pyext.symbol import Symbol, name_bytes

try:
    import numpy
except ImportError:
    numpy = None


def need_numpy():
    if numpy is None:
        raise RuntimeError(f"slices of a Buffer need numpy: {_install_hint()}")


def _install_hint():
    import sys

    return f"{sys.executable} -m pip install numpy, or apt install python3-numpy"


class Buffer:
    """A Pd array by name, looked up anew at each access, so that it may be deleted or resized meanwhile.

    On Pd's thread a slice is a writable float32 view of the array; on any other thread it is a copy. Storing
    into the Buffer reaches the array from every thread.
    """

    def __init__(self, name):
        self._name = name_bytes(name)

    @property
    def symbol(self):
        """The array's name."""
        return Symbol(self._name.decode("utf-8", "surrogateescape"))

    def __len__(self):
        return max(_pyext.array_length(self._name), 0)

    def __repr__(self):
        return f"<Buffer {self.symbol}, {len(self)} samples>"

    def resize(self, frames, keep=1, zero=1):
        """Gives the array a new length (1 at least), keeps its samples and zeroes new ones. Returns the Buffer."""
        if not _pyext.array_resize(self._name, max(int(frames), 1)):
            raise RuntimeError(f"there is no array {self.symbol}")
        return self

    def dirty(self):
        """Has Pd draw the array again."""
        _pyext.array_redraw(self._name)

    def _samples(self):
        """All samples: the array itself on Pd's thread, a copy elsewhere. None when there is no array."""
        need_numpy()
        if _pyext.on_pd_thread():
            view = _pyext.array_view(self._name)
            return None if view is None else numpy.asarray(view)
        length = _pyext.array_length(self._name)
        return None if length < 0 else self._read(0, 1, length)

    def _read(self, begin, step, count):
        samples = numpy.empty(count, numpy.float32)
        moved = _pyext.array_read(self._name, begin, step, samples)
        return samples[:moved]

    def __getitem__(self, key):
        need_numpy()
        if isinstance(key, slice) and not _pyext.on_pd_thread():
            length = _pyext.array_length(self._name)
            if length < 0:
                return None
            begin, end, step = key.indices(length)
            return self._read(begin, step, len(range(begin, end, step)))
        samples = self._samples()
        return None if samples is None else samples[key]

    def __setitem__(self, key, value):
        need_numpy()
        length = _pyext.array_length(self._name)
        if length < 0:
            raise ValueError(f"there is no array {self.symbol}")
        if isinstance(key, slice):
            self._store_slice(key.indices(length), value)
        elif hasattr(key, "__index__"):
            self._store_sample(key.__index__(), length, value)
        else:
            samples = self._samples()
            samples[key] = value
            self._write(0, 1, samples)
        self.dirty()

    def _store_slice(self, indices, value):
        begin, end, step = indices
        count = len(range(begin, end, step))
        values = numpy.asarray(value, numpy.float32)
        values = numpy.full(count, values) if values.ndim == 0 else values.reshape(-1)[:count]
        self._write(begin, step, values)

    def _store_sample(self, index, length, value):
        if not -length <= index < length:
            raise IndexError(f"sample {index} of {self.symbol}, which has {length}")
        self._write(index % length, 1, numpy.array([float(value)], numpy.float32))

    def _write(self, begin, step, values):
        if len(values):
            _pyext.array_write(self._name, begin, step, numpy.ascontiguousarray(values, numpy.float32))

    def __iter__(self):
        samples = self._read(0, 1, len(self)) if numpy is not None else ()
        return iter(samples)

    def __array__(self, dtype=None, copy=None):
        samples = self._samples()
        if samples is None:
            samples = numpy.empty(0, numpy.float32)
        return numpy.array(samples, dtype) if copy else samples.astype(dtype or numpy.float32, copy=False)
