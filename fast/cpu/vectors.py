"""What LLVM knows and Numba does not say: vector registers and fused multiply-add.

Plain loops leave it to the compiler whether to use vector instructions. It doesn't where it can't prove that arrays
don't overlap, where a sum or a maximum would be taken in another order, or where a conversion looks dear; and on
AVX-512 it takes half of a register only. Where that decides about a factor of five, the kernels say so themselves: a
vector is a value like a number, with Python's operators and the functions here. Those take vectors and numbers alike,
so that an elementary function is written once for both. Widths are the host's: 4 to 16 float32 in a register.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import binding, ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model


def host_features() -> set[str]:
    """The processor features that Numba compiles for."""
    if config.CPU_FEATURES is not None:
        return {feature[1:] for feature in config.CPU_FEATURES.split(",") if feature.startswith("+")}
    return {feature for feature, present in binding.get_host_cpu_features().items() if present}


_FEATURES = host_features()
#: Bytes in a vector register: AVX-512, AVX, or what SSE2 and NEON have.
VECTOR_BYTES = 64 if "avx512f" in _FEATURES else 32 if "avx" in _FEATURES else 16
#: Vector registers: AVX-512 and NEON have 32, older x86 has 16.
VECTOR_REGISTERS = 32 if {"avx512f", "neon"} & _FEATURES else 16
#: Whether a product and a sum can be rounded as one; AVX-512 and NEON have that, too.
FUSED = bool({"fma", "avx512f", "neon"} & _FEATURES)

_LLVM_FLOATS = {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}
INTEGER = ir.IntType(32)


def lanes(dtype: types.Type) -> int:
    """How many numbers of a type fit a vector register."""
    return VECTOR_BYTES * 8 // dtype.bitwidth


def vector_type(dtype: types.Type) -> ir.VectorType:
    """The LLVM type of a full vector register."""
    return ir.VectorType(_LLVM_FLOATS[dtype], lanes(dtype))


class VectorType(types.Type):
    """A register full of numbers, or several, as a value that Numba code can hold in a variable."""

    def __init__(self, dtype: types.Type, count: int | None = None) -> None:
        self.dtype, self.count = dtype, count or lanes(dtype)
        super().__init__(name=f"Vector({dtype}, {self.count})")


@register_model(VectorType)
class VectorModel(models.PrimitiveModel):
    """A vector variable is an LLVM vector."""

    def __init__(self, manager, vector: VectorType) -> None:
        super().__init__(manager, vector, ir.VectorType(_LLVM_FLOATS[vector.dtype], vector.count))


def element(kind: types.Type) -> types.Type:
    """The type of a number, or of the numbers in a vector."""
    return kind.dtype if isinstance(kind, VectorType) else kind


def data_pointer(context, builder, array_type, array):
    """The address of an array's first entry."""
    return context.make_array(array_type)(context, builder, array).data


def load_vector(builder, pointer, vector):
    """Load a vector from an address aligned for one number only."""
    loaded = builder.load(builder.bitcast(pointer, vector.as_pointer()))
    loaded.align = 4
    return loaded


def store_vector(builder, value, pointer):
    """Store a vector to an address aligned for one number only."""
    builder.store(value, builder.bitcast(pointer, value.type.as_pointer())).align = 4


def suffix_of(kind: ir.Type) -> str:
    """How LLVM's intrinsics name a type."""
    if isinstance(kind, ir.VectorType):
        return f"v{kind.count}{suffix_of(kind.element)}"
    return {ir.FloatType(): "f32", ir.DoubleType(): "f64"}[kind]


def call_intrinsic(builder, name: str, *operands):
    """Call an LLVM intrinsic whose operands and result are of one type."""
    kind = operands[0].type
    function_type = ir.FunctionType(kind, [kind] * len(operands))
    function = cgutils.get_or_insert_function(builder.module, function_type, f"llvm.{name}.{suffix_of(kind)}")
    return builder.call(function, operands)


def call_named(builder, name: str, *operands):
    """Call an LLVM function of one processor whose result is of the first operand's type."""
    function_type = ir.FunctionType(operands[0].type, [operand.type for operand in operands])
    return builder.call(cgutils.get_or_insert_function(builder.module, function_type, name), operands)


def splat(builder, number, vector: ir.VectorType):
    """A vector of copies of a number."""
    undefined, zeros = ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(INTEGER, vector.count), None)
    return builder.shuffle_vector(builder.insert_element(undefined, number, ir.Constant(INTEGER, 0)), undefined, zeros)


def lanewise(arity: int, build: Callable[..., Any]) -> Any:
    """The intrinsic that does with each lane of vectors, or with numbers, what LLVM's instructions are written to do.

    Numbers beside vectors stand for vectors of copies.
    """

    def typed(*kinds):
        widest = next((kind for kind in kinds if isinstance(kind, VectorType)), kinds[0])

        def codegen(context, builder, signature, operands):
            llvm = context.get_value_type(widest)
            operands = [each if each.type == llvm else splat(builder, each, llvm) for each in operands]
            return build(builder, *operands)

        return widest(*kinds), codegen

    # Numba looks at an intrinsic's parameters.
    if arity == 1:
        return intrinsic(lambda typingctx, x: typed(x))
    if arity == 2:
        return intrinsic(lambda typingctx, x, y: typed(x, y))
    if arity == 3:
        return intrinsic(lambda typingctx, x, y, z: typed(x, y, z))
    return intrinsic(lambda typingctx, x, y, z, w: typed(x, y, z, w))


def _operator(symbol: Callable[..., Any], instruction: str) -> None:
    """Let vectors have one of Python's operators."""
    combine = lanewise(2, lambda builder, x, y: getattr(builder, instruction)(x, y))

    @overload(symbol)
    def combined(x, y):
        if isinstance(x, VectorType) or isinstance(y, VectorType):
            return lambda x, y: combine(x, y)
        return None


_operator(operator.add, "fadd")
_operator(operator.sub, "fsub")
_operator(operator.mul, "fmul")
_operator(operator.truediv, "fdiv")
_negate = lanewise(1, lambda builder, x: builder.fneg(x))
_magnitude = lanewise(1, lambda builder, x: call_intrinsic(builder, "fabs", x))


@overload(operator.neg)
def _negative(x):
    return (lambda x: _negate(x)) if isinstance(x, VectorType) else None


@overload(abs)
def _absolute(x):
    return (lambda x: _magnitude(x)) if isinstance(x, VectorType) else None


#: x·y + z, rounded once where the processor can: then LLVM isn't left the choice, since errors are derived from it.
multiply_add = lanewise(3, lambda builder, x, y, z: call_intrinsic(builder, "fma" if FUSED else "fmuladd", x, y, z))
#: The square root, correctly rounded.
root = lanewise(1, lambda builder, x: call_intrinsic(builder, "sqrt", x))
#: The magnitude of one number with the sign of another, also of zeros.
copysign = lanewise(2, lambda builder, x, y: call_intrinsic(builder, "copysign", x, y))
#: No more than a limit, and no less than one; NaN stays.
at_most = lanewise(2, lambda builder, x, limit: builder.select(builder.fcmp_ordered(">", x, limit), limit, x))
at_least = lanewise(2, lambda builder, x, limit: builder.select(builder.fcmp_ordered("<=", x, limit), limit, x))
#: y where x is negative, else z.
where_negative = lanewise(
    3, lambda builder, x, y, z: builder.select(builder.fcmp_ordered("<", x, ir.Constant(x.type, None)), y, z)
)


def larger_of(builder, x, y):
    # In this form it is x86's own maximum, which lets NaN go unless it is x, and one more comparison for that.
    larger = builder.select(builder.fcmp_ordered(">", y, x), y, x)
    return builder.select(builder.fcmp_unordered("uno", y, y), y, larger)


#: The larger one; NaN if either is; x if they are equal.
maximum = lanewise(2, larger_of)


def _beats(builder, x, y):
    """Where y is larger than x, or the first NaN."""
    first_nan = builder.and_(builder.fcmp_unordered("uno", y, y), builder.fcmp_ordered("ord", x, x))
    return builder.or_(builder.fcmp_ordered(">", y, x), first_nan)


#: z where y is larger than x, or the first NaN; else w.
where_beaten = lanewise(4, lambda builder, x, y, z, w: builder.select(_beats(builder, x, y), z, w))
#: z where x and y are equal, else 0.
where_equal = lanewise(
    3, lambda builder, x, y, z: builder.select(builder.fcmp_ordered("==", x, y), z, ir.Constant(x.type, None))
)


def constant_of(kind: ir.Type, number: float) -> ir.Constant:
    """A number, or a vector of copies of it."""
    return ir.Constant(kind, [number] * kind.count if isinstance(kind, ir.VectorType) else number)


@intrinsic
def load(typingctx, array, start):
    """The vector that starts at a flat index of a C-contiguous array."""

    def codegen(context, builder, signature, operands):
        pointer = builder.gep(data_pointer(context, builder, array, operands[0]), [operands[1]])
        return load_vector(builder, pointer, vector_type(array.dtype))

    return VectorType(array.dtype)(array, types.intp), codegen


@intrinsic
def load_pair(typingctx, array, start):
    """Two vectors from a flat index on, as one value: while one waits for an operation, the other one is computed."""

    def codegen(context, builder, signature, operands):
        pointer = builder.gep(data_pointer(context, builder, array, operands[0]), [operands[1]])
        one = vector_type(array.dtype)
        return load_vector(builder, pointer, ir.VectorType(one.element, 2 * one.count))

    return VectorType(array.dtype, 2 * lanes(array.dtype))(array, types.intp), codegen


@intrinsic
def store(typingctx, array, start, vector):
    """Write a vector to a C-contiguous array from a flat index on."""

    def codegen(context, builder, signature, operands):
        pointer = builder.gep(data_pointer(context, builder, array, operands[0]), [operands[1]])
        store_vector(builder, operands[2], pointer)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), codegen


@intrinsic
def vector_of(typingctx, array, number):
    """A vector of copies of a number, as wide as those of an array."""

    def codegen(context, builder, signature, operands):
        return splat(builder, operands[1], vector_type(array.dtype))

    return VectorType(array.dtype)(array, array.dtype), codegen


def lanes_below(builder, count, vector: ir.VectorType):
    """The mask of a vector's first lanes: none for a count below 1, all for a large one."""
    numbers = ir.VectorType(INTEGER, vector.count)
    limits = splat(builder, builder.trunc(count, INTEGER), numbers)
    return builder.icmp_signed("<", ir.Constant(numbers, list(range(vector.count))), limits)


def load_lanes(builder, pointer, mask, vector: ir.VectorType, others=None):
    """Load some lanes of a vector, `others` or zeros in the others; no memory of those is touched."""
    address = builder.bitcast(pointer, vector.as_pointer())
    kind = ir.FunctionType(vector, [address.type, INTEGER, mask.type, vector])
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.masked.load.{suffix_of(vector)}.p0")
    return builder.call(function, [address, ir.Constant(INTEGER, 4), mask, others or constant_of(vector, 0.0)])


def store_lanes(builder, value, pointer, mask):
    """Store some lanes of a vector; no memory of the others is touched."""
    address = builder.bitcast(pointer, value.type.as_pointer())
    kind = ir.FunctionType(ir.VoidType(), [value.type, address.type, INTEGER, mask.type])
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.masked.store.{suffix_of(value.type)}.p0")
    builder.call(function, [value, address, ir.Constant(INTEGER, 4), mask])


@intrinsic
def load_part(typingctx, array, start, count):
    """The first lanes of a vector from a flat index on, zeros in the others; nothing beyond them is read."""

    def codegen(context, builder, signature, operands):
        vector = vector_type(array.dtype)
        pointer = builder.gep(data_pointer(context, builder, array, operands[0]), [operands[1]])
        return load_lanes(builder, pointer, lanes_below(builder, operands[2], vector), vector)

    return VectorType(array.dtype)(array, types.intp, types.intp), codegen


@intrinsic
def load_part_or(typingctx, array, start, count, number):
    """The first lanes of a vector from a flat index on, as `load_part`, and a number in the others."""

    def codegen(context, builder, signature, operands):
        vector = vector_type(array.dtype)
        pointer = builder.gep(data_pointer(context, builder, array, operands[0]), [operands[1]])
        mask, rest = lanes_below(builder, operands[2], vector), splat(builder, operands[3], vector)
        return load_lanes(builder, pointer, mask, vector, rest)

    return VectorType(array.dtype)(array, types.intp, types.intp, array.dtype), codegen


@intrinsic
def store_part(typingctx, array, start, count, vector):
    """Write the first lanes of a vector from a flat index on."""

    def codegen(context, builder, signature, operands):
        value = operands[3]
        pointer = builder.gep(data_pointer(context, builder, array, operands[0]), [operands[1]])
        store_lanes(builder, value, pointer, lanes_below(builder, operands[2], value.type))
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, vector), codegen


@intrinsic
def first_lanes(typingctx, vector, count):
    """A vector's first lanes, with zeros in those behind."""

    def codegen(context, builder, signature, operands):
        value = operands[0]
        mask = lanes_below(builder, operands[1], value.type)
        return builder.select(mask, value, ir.Constant(value.type, None))

    return vector(vector, types.intp), codegen


@intrinsic
def before_boundary(typingctx, array):
    """How many numbers an array has before the first address at which a vector crosses no cache line."""

    def codegen(context, builder, signature, operands):
        address = builder.ptrtoint(data_pointer(context, builder, array, operands[0]), ir.IntType(64))
        missing = builder.and_(builder.neg(address), ir.Constant(address.type, VECTOR_BYTES - 1))
        return builder.udiv(missing, ir.Constant(address.type, array.dtype.bitwidth // 8))

    return types.intp(array), codegen
