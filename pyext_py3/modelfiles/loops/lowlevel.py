"""The few machine-level operations of the loops in `products`, as numba intrinsics; engine threads.

`dot(bits, vectors)` makes the product of ROWS rows of weights with 1 or 2 vectors of sixteen-bit numbers. Its vector
code is written out portably; LLVM turns it into the best that the processor has (vpdpwssd, vpmaddwd, ...).

The weights stand in the order in which they are read: for each pair of columns, that pair of all ROWS rows. With eight
bits each has a byte. With four bits each sixteen-bit lane holds the four weights that belong to its place in the four
quarters of the rows, the first quarter's in the lowest bits.
"""

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

ROWS = 64
LANES = 32  # sixteen-bit numbers that are multiplied at once: 16 rows, 2 columns
QUARTERS = 2 * ROWS // LANES
PREFETCH_BYTES = 2048  # how far ahead of its use memory is fetched
CACHE_LINE_BYTES = 64
SPINS = 20000  # how often a waiting thread looks before it sleeps
SLEEP_US = 20

INT8, INT16, INT32, INT64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
POINTER = INT8.as_pointer()
SHORTS, WIDE, SUMS = (
    ir.VectorType(INT16, LANES),
    ir.VectorType(INT32, LANES),
    ir.VectorType(INT32, LANES // 2),
)
EVEN, ODD = (ir.Constant(SUMS, list(range(first, LANES, 2))) for first in (0, 1))
FIRST_LANE, UNDEFINED = ir.Constant(SUMS, [0] * SUMS.count), ir.Constant(SUMS, ir.Undefined)


def dot(bits, vectors):
    """Return an intrinsic for weights of 4 or 8 bits and 1 or 2 vectors."""

    @intrinsic
    def product(typing, weights, vector, stride, pairs, out):
        """out[v, r] = sum of weights[r, c] * vector[v, c] over 2 * pairs columns.

        weights, vector, out: addresses (vector of int16, out of int32); stride: bytes from one vector to the next.
        """

        def generate(context, builder, signature, arguments):
            _DotProduct(builder, bits, vectors, *arguments).emit()
            return context.get_dummy_value()

        return types.void(types.intp, types.intp, types.intp, types.intp, types.intp), generate

    return product


class _DotProduct:
    """Emits the LLVM code of the intrinsic that `dot(bits, vectors)` returns."""

    def __init__(self, builder, bits, vectors, weights, vector, stride, pairs, out):
        self.builder, self.bits, self.vectors = builder, bits, vectors
        self.weights = builder.inttoptr(weights, POINTER)
        self.vector, self.stride, self.pairs, self.out = vector, stride, pairs, out
        self.number = pairs.type
        self.bytes_per_pair = 2 * ROWS * bits // 8
        zero = ir.Constant(SUMS, None)
        self.sums = [
            [cgutils.alloca_once_value(builder, zero) for _ in range(QUARTERS)] for _ in range(vectors)
        ]

    def emit(self):
        """Emit a loop over pairs of columns, then store the sums."""
        builder = self.builder
        with cgutils.for_range_slice(builder, self.number(0), self.pairs, self.number(1)) as (pair, _):
            place = builder.gep(self.weights, [builder.mul(pair, self.number(self.bytes_per_pair))])
            self._prefetch(place)
            columns = [self._broadcast_columns(v, pair) for v in range(self.vectors)]
            for quarter, weights in enumerate(self._weights_by_quarter(place)):
                for v in range(self.vectors):
                    self._accumulate(self.sums[v][quarter], weights, columns[v])
        self._store_sums()

    def _prefetch(self, place):
        kind = ir.FunctionType(ir.VoidType(), [POINTER, INT32, INT32, INT32])
        function = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0")
        for line in range(0, self.bytes_per_pair, CACHE_LINE_BYTES):
            far = self.builder.gep(place, [self.number(PREFETCH_BYTES + line)])
            self.builder.call(function, [far, INT32(0), INT32(3), INT32(1)])

    def _broadcast_columns(self, v, pair):
        """Two neighbouring numbers of a vector, in all lanes."""
        builder, number = self.builder, self.number
        offset = builder.add(builder.mul(self.stride, number(v)), builder.shl(pair, number(2)))
        place = builder.inttoptr(builder.add(self.vector, offset), INT32.as_pointer())
        both = builder.load(place, align=2)
        lanes = builder.insert_element(UNDEFINED, both, INT32(0))
        lanes = builder.shuffle_vector(lanes, UNDEFINED, FIRST_LANE)
        return builder.sext(builder.bitcast(lanes, SHORTS), WIDE)

    def _weights_by_quarter(self, place):
        """The weights of each quarter of the rows for one pair of columns, as 32-bit numbers."""
        builder = self.builder
        if self.bits == 8:
            for quarter in range(QUARTERS):
                start = builder.gep(place, [self.number(LANES * quarter)])
                yield builder.sext(self._load(start, ir.VectorType(INT8, LANES)), WIDE)
        else:
            packed = self._load(place, SHORTS)
            for quarter in range(QUARTERS):
                left = ir.Constant(SHORTS, [12 - 4 * quarter] * LANES)
                signed = builder.ashr(builder.shl(packed, left), ir.Constant(SHORTS, [12] * LANES))
                yield builder.sext(signed, WIDE)

    def _load(self, place, kind):
        align = kind.element.width // 8
        return self.builder.load(self.builder.bitcast(place, kind.as_pointer()), align=align)

    def _accumulate(self, sums, weights, columns):
        """Add the products of one pair of columns; neighbouring lanes belong to the same row."""
        builder = self.builder
        products = builder.mul(weights, columns)
        even = builder.shuffle_vector(products, products, EVEN)
        odd = builder.shuffle_vector(products, products, ODD)
        builder.store(builder.add(builder.load(sums), builder.add(even, odd)), sums)

    def _store_sums(self):
        builder = self.builder
        for v in range(self.vectors):
            for quarter in range(QUARTERS):
                offset = self.number(4 * SUMS.count * (v * QUARTERS + quarter))
                place = builder.inttoptr(builder.add(self.out, offset), SUMS.as_pointer())
                builder.store(builder.load(self.sums[v][quarter]), place, align=4)


@intrinsic
def fetch_and_add(typing, counter):
    """Add 1 to the int64 at an address, as one indivisible step; returns what it was before."""

    def generate(context, builder, signature, arguments):
        place = builder.inttoptr(arguments[0], INT64.as_pointer())
        return builder.atomic_rmw("add", place, INT64(1), "seq_cst")

    return types.int64(types.intp), generate


@intrinsic
def _load_atomic(typing, counter):
    """The int64 at an address, with everything that other threads wrote before they changed it."""

    def generate(context, builder, signature, arguments):
        place = builder.inttoptr(arguments[0], INT64.as_pointer())
        return builder.load_atomic(place, "seq_cst", 8)

    return types.int64(types.intp), generate


@intrinsic
def _sleep(typing):
    """Let this thread sleep a little, so that others can have its core."""

    def generate(context, builder, signature, arguments):
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(INT32, [INT32]), "usleep")
        builder.call(function, [INT32(SLEEP_US)])
        return context.get_dummy_value()

    return types.void(), generate


@njit(nogil=True)
def barrier(counter, threads):
    """Wait until all `threads` have called this; `counter` is the address of an int64 that began at 0."""
    if threads == 1:
        return
    goal = (fetch_and_add(counter) // threads + 1) * threads
    spins = 0
    while _load_atomic(counter) < goal:
        spins += 1
        if spins > SPINS:
            _sleep()
