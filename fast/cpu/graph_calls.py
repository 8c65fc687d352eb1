"""How the code of a graph reaches what isn't compiled with it: memory and kernels, by their addresses.

Numba compiles what a function calls again with each caller, and a convolution takes it 5 to 10 seconds. So the code of
a graph calls kernels that are compiled already, as anybody else calls them, through addresses that it gets in a table;
and all arrays are addresses in that table, too. What a graph costs to compile is its loops, and one line for each call.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import from_dtype, prange, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from fast.cpu.compilation import compiled
from fast.cpu.elementwise import block_count, block_slice

#: A table of addresses, as the code of a graph gets it.
TABLE = types.Array(types.intp, 1, "C")


@intrinsic
def array_at(typingctx, address, shape, dtype):
    """A C-contiguous array of some shape at an address; whose memory it is, somebody else has to know."""
    kind = types.Array(dtype.dtype, len(shape), "C")

    def codegen(context, builder, signature, operands):
        array, item = (
            context.make_array(kind)(context, builder),
            context.get_abi_sizeof(context.get_data_type(dtype.dtype)),
        )
        lengths = cgutils.unpack_tuple(builder, operands[1], len(shape))
        strides, step = [], context.get_constant(types.intp, item)
        for length in reversed(lengths):
            strides.insert(0, step)
            step = builder.mul(step, length)
        data = builder.inttoptr(operands[0], array.data.type)
        populate_array(array, data, lengths, strides, context.get_constant(types.intp, item), None)
        return array._getvalue()

    return kind(types.intp, shape, dtype), codegen


@intrinsic
def call(typingctx, address, arguments):
    """Call a compiled function that returns nothing; `address` is `address_of`'s, for the types of these arguments."""
    kinds = tuple(types.unliteral(kind) for kind in arguments)

    def codegen(context, builder, signature, operands):
        convention = context.call_conv
        function_type = convention.get_function_type(types.none, kinds)
        function = builder.inttoptr(operands[0], function_type.as_pointer())
        values = cgutils.unpack_tuple(builder, operands[1], len(kinds))
        status, _ = convention.call_function(builder, function, types.none, kinds, values)
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return types.void(types.intp, arguments), codegen


@compiled(parallel=True)
def in_threads(address, table, which, base, size):
    """Share one of a graph's loops over so many numbers among threads."""
    for block in prange(block_count(size)):
        part = block_slice(block, size)
        call(address, (table, which, base, part.start, part.stop))


def address_of(function: Any, kinds: tuple[types.Type, ...]) -> int:
    """Where the code of a compiled function lies for arguments of some types; it is compiled or loaded if need be."""
    function.compile(kinds)
    [found] = [result for signature, result in function.overloads.items() if signature == kinds]
    if found.signature.return_type != types.none:
        raise TypeError(f"wanted a function that returns nothing; got {found.signature}")
    return found.library.get_pointer_to_function(found.fndesc.llvm_func_name)


def array_type(dtype: np.dtype, rank: int) -> types.Array:
    """The type of what `array_at` returns."""
    return types.Array(from_dtype(dtype), rank, "C")
