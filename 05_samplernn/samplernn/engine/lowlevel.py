"""The few machine-level operations that the generator's loops are built from, as numba intrinsics.

`dot(bits, vectors)` makes the product of ROWS rows of weights with 1 or 2 vectors of sixteen-bit numbers. Its vector
code is written out portably; LLVM turns it into the best that the processor has (vpdpwssd, vpmaddwd, ...).

The weights stand in the order in which they are met: for each pair of columns, that pair of all ROWS rows. With eight
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
AHEAD = 2048  # bytes that the memory is asked for before they are needed
LINE = 64
SPINS = 20000
NAP_MICROSECONDS = 20

INT8, INT16, INT32, INT64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
SHORTS, WIDE, SUMS = (
    ir.VectorType(INT16, LANES),
    ir.VectorType(INT32, LANES),
    ir.VectorType(INT32, LANES // 2),
)


def dot(bits, vectors):
    """An intrinsic for weights of 4 or 8 bits and 1 or 2 vectors."""
    bytes_per_pair = 2 * ROWS * bits // 8

    @intrinsic
    def product(typing, weights, vector, stride, pairs, out):
        """out[v, r] = sum of weights[r, c] * vector[v, c] over 2 * pairs columns.

        weights, vector, out: addresses (vector of int16, out of int32); stride: bytes from one vector to the next.
        """

        def generate(context, builder, signature, arguments):
            weights, vector, stride, pairs, out = arguments
            number = pairs.type
            even, odd = (ir.Constant(SUMS, list(range(first, LANES, 2))) for first in (0, 1))
            first_lane = ir.Constant(SUMS, [0] * SUMS.count)
            pointer = INT8.as_pointer()
            prefetch = cgutils.get_or_insert_function(
                builder.module,
                ir.FunctionType(ir.VoidType(), [pointer, INT32, INT32, INT32]),
                "llvm.prefetch.p0",
            )
            weights = builder.inttoptr(weights, pointer)

            def load(place, kind):
                align = kind.element.width // 8
                return builder.load(builder.bitcast(place, kind.as_pointer()), align=align)

            def everywhere(v, pair):
                """Two neighbouring numbers of a vector, in all lanes."""
                place = builder.add(
                    builder.add(vector, builder.mul(stride, number(v))), builder.shl(pair, number(2))
                )
                both = builder.load(builder.inttoptr(place, INT32.as_pointer()), align=2)
                lanes = builder.insert_element(ir.Constant(SUMS, ir.Undefined), both, INT32(0))
                lanes = builder.shuffle_vector(lanes, ir.Constant(SUMS, ir.Undefined), first_lane)
                return builder.sext(builder.bitcast(lanes, SHORTS), WIDE)

            def quarters(place):
                """The weights of each quarter of the rows for one pair of columns."""
                if bits == 8:
                    for quarter in range(QUARTERS):
                        yield load(builder.gep(place, [number(LANES * quarter)]), ir.VectorType(INT8, LANES))
                else:
                    packed = load(place, SHORTS)
                    for quarter in range(QUARTERS):
                        left = ir.Constant(SHORTS, [12 - 4 * quarter] * LANES)
                        yield builder.ashr(builder.shl(packed, left), ir.Constant(SHORTS, [12] * LANES))

            sums = [
                [cgutils.alloca_once_value(builder, ir.Constant(SUMS, None)) for _ in range(QUARTERS)]
                for _ in range(vectors)
            ]
            with cgutils.for_range_slice(builder, number(0), pairs, number(1)) as (pair, _):
                place = builder.gep(weights, [builder.mul(pair, number(bytes_per_pair))])
                for line in range(0, bytes_per_pair, LINE):
                    far = builder.gep(place, [number(AHEAD + line)])
                    builder.call(prefetch, [far, INT32(0), INT32(3), INT32(1)])
                numbers = [everywhere(v, pair) for v in range(vectors)]
                for quarter, weight in enumerate(quarters(place)):
                    weight = builder.sext(weight, WIDE)
                    for v in range(vectors):
                        products = builder.mul(weight, numbers[v])
                        pairwise = builder.add(
                            builder.shuffle_vector(products, products, even),
                            builder.shuffle_vector(products, products, odd),
                        )
                        builder.store(builder.add(builder.load(sums[v][quarter]), pairwise), sums[v][quarter])
            for v in range(vectors):
                for quarter in range(QUARTERS):
                    place = builder.add(out, number(4 * SUMS.count * (v * QUARTERS + quarter)))
                    place = builder.inttoptr(place, SUMS.as_pointer())
                    builder.store(builder.load(sums[v][quarter]), place, align=4)
            return context.get_dummy_value()

        return types.void(types.intp, types.intp, types.intp, types.intp, types.intp), generate

    return product


@intrinsic
def add_one(typing, counter):
    """Add 1 to the int64 at an address, as one indivisible step; returns what it was before."""

    def generate(context, builder, signature, arguments):
        place = builder.inttoptr(arguments[0], INT64.as_pointer())
        return builder.atomic_rmw("add", place, INT64(1), "seq_cst")

    return types.int64(types.intp), generate


@intrinsic
def _look(typing, counter):
    """The int64 at an address, with everything that other threads wrote before they changed it."""

    def generate(context, builder, signature, arguments):
        place = builder.inttoptr(arguments[0], INT64.as_pointer())
        return builder.load_atomic(place, "seq_cst", 8)

    return types.int64(types.intp), generate


@intrinsic
def _nap(typing):
    """Let this thread sleep a little, so that others can have its core."""

    def generate(context, builder, signature, arguments):
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(INT32, [INT32]), "usleep")
        builder.call(function, [INT32(NAP_MICROSECONDS)])
        return context.get_dummy_value()

    return types.void(), generate


@njit(nogil=True)
def meet(counter, threads):
    """Wait until all `threads` have come here; `counter` is the address of an int64 that began at 0."""
    if threads == 1:
        return
    goal = (add_one(counter) // threads + 1) * threads
    spins = 0
    while _look(counter) < goal:
        spins += 1
        if spins > SPINS:
            _nap()
