"""The few machine-level operations that the generator's loops are built from, as numba intrinsics.

`dot3` and `dot4` multiply 3 or 4 rows of eight-bit weights with one vector of sixteen-bit numbers. Their vector code is
written out portably; LLVM turns it into the best that the processor has (vpdpwssd, vpmaddwd, ...).
"""

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 32
SPINS = 20000
NAP_MICROSECONDS = 20

INT8, INT16, INT32, INT64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))


def _dot(rows):
    @intrinsic
    def dot(typing, weights, vector, count, out):
        """out[r] = sum of weights[r*count + c] * vector[c]; addresses of int8, int16 and int32; LANES divides count."""

        def generate(context, builder, signature, arguments):
            weights, vector, count, out = arguments
            number = count.type
            wide, narrow = ir.VectorType(INT32, LANES), ir.VectorType(INT32, LANES // 2)
            nothing = ir.Constant(wide, ir.Undefined)
            even, odd = (ir.Constant(narrow, list(range(first, LANES, 2))) for first in (0, 1))
            total = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(INT32, [narrow]), f"llvm.vector.reduce.add.v{LANES // 2}i32"
            )

            def load(base, kind, index):
                place = builder.gep(base, [index])
                lanes = builder.load(
                    builder.bitcast(place, ir.VectorType(kind, LANES).as_pointer()), align=kind.width // 8
                )
                return builder.sext(lanes, wide)

            first = builder.inttoptr(weights, INT8.as_pointer())
            starts = [builder.gep(first, [builder.mul(count, number(row))]) for row in range(rows)]
            vector = builder.inttoptr(vector, INT16.as_pointer())
            sums = [cgutils.alloca_once_value(builder, ir.Constant(narrow, None)) for _ in range(rows)]
            with cgutils.for_range_slice(builder, number(0), count, number(LANES)) as (index, _):
                numbers = load(vector, INT16, index)
                for start, sum_ in zip(starts, sums):
                    products = builder.mul(load(start, INT8, index), numbers)
                    pairs = builder.add(
                        builder.shuffle_vector(products, nothing, even),
                        builder.shuffle_vector(products, nothing, odd),
                    )
                    builder.store(builder.add(builder.load(sum_), pairs), sum_)
            out = builder.inttoptr(out, INT32.as_pointer())
            for row, sum_ in enumerate(sums):
                builder.store(builder.call(total, [builder.load(sum_)]), builder.gep(out, [number(row)]))
            return context.get_dummy_value()

        return types.void(types.intp, types.intp, types.intp, types.intp), generate

    return dot


dot3, dot4 = _dot(3), _dot(4)


@intrinsic
def _add_one(typing, counter):
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
    goal = (_add_one(counter) // threads + 1) * threads
    spins = 0
    while _look(counter) < goal:
        spins += 1
        if spins > SPINS:
            _nap()
