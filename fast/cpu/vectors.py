"""What LLVM knows and Numba does not say: vector registers, fused multiply-add, and scaling by a power of two.

Plain loops leave it to the compiler whether to use vector instructions. Where that decides about a factor of five,
the kernels say so themselves with these intrinsics. Widths are the host's: 4 to 16 float32 in a register.
"""

from __future__ import annotations

from llvmlite import binding, ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model


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

_LLVM_FLOATS = {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}


def lanes(dtype: types.Type) -> int:
    """How many numbers of a type fit a vector register."""
    return VECTOR_BYTES * 8 // dtype.bitwidth


def vector_type(dtype: types.Type) -> ir.VectorType:
    """The LLVM type of a full vector register."""
    return ir.VectorType(_LLVM_FLOATS[dtype], lanes(dtype))


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


def call_intrinsic(builder, name: str, *operands):
    """Call an LLVM intrinsic whose operands and result are of one type."""
    kind = operands[0].type
    letter = {ir.FloatType(): "f32", ir.DoubleType(): "f64"}
    suffix = f"v{kind.count}{letter[kind.element]}" if isinstance(kind, ir.VectorType) else letter[kind]
    function_type = ir.FunctionType(kind, [kind] * len(operands))
    function = cgutils.get_or_insert_function(builder.module, function_type, f"llvm.{name}.{suffix}")
    return builder.call(function, operands)


@intrinsic
def multiply_add(typingctx, x, y, z):
    """x·y + z, rounded once where the processor can."""

    def codegen(context, builder, signature, operands):
        return call_intrinsic(builder, "fmuladd", *operands)

    return x(x, x, x), codegen


@intrinsic
def copysign(typingctx, magnitude, sign):
    """The magnitude of one number with the sign of another, also of zeros."""

    def codegen(context, builder, signature, operands):
        return call_intrinsic(builder, "copysign", *operands)

    return magnitude(magnitude, magnitude), codegen


@intrinsic
def scale_by_power_of_two(typingctx, x, shifted):
    """x·2ᵏ for a k that the caller holds as 1.5·2ᵖ + k, in whose last bits k is an integer (p: significand bits - 1).

    2ᵏ is multiplied in two halves: each is a normal number though 2ᵏ may overflow or be subnormal, and only the second
    multiplication rounds. Staying in integers of the numbers' own width, which Numba's arithmetic does not, keeps loops
    vectorisable; and no conversion from float to integer is there that NaN could make undefined.
    """
    width, significand, bias = (32, 23, 127) if x == types.float32 else (64, 52, 1023)

    def codegen(context, builder, signature, operands):
        value, biased = operands
        integer = ir.IntType(width)
        k = builder.shl(builder.bitcast(biased, integer), ir.Constant(integer, width - significand + 1))
        k = builder.ashr(k, ir.Constant(integer, width - significand + 1))
        half = builder.ashr(k, ir.Constant(integer, 1))
        for part in (half, builder.sub(k, half)):
            exponent = builder.add(part, ir.Constant(integer, bias))
            factor = builder.bitcast(builder.shl(exponent, ir.Constant(integer, significand)), value.type)
            value = builder.fmul(value, factor)
        return value

    return x(x, x), codegen


class VectorType(types.Type):
    """A register full of numbers, as a value that Numba code can hold in a variable."""

    def __init__(self, dtype: types.Type) -> None:
        self.dtype = dtype
        super().__init__(name=f"Vector({dtype}, {lanes(dtype)})")


@register_model(VectorType)
class VectorModel(models.PrimitiveModel):
    """A vector variable is an LLVM vector."""

    def __init__(self, manager, vector: VectorType) -> None:
        super().__init__(manager, vector, vector_type(vector.dtype))


@intrinsic
def load(typingctx, array, start):
    """The vector that starts at a flat index of a C-contiguous array."""

    def codegen(context, builder, signature, operands):
        pointer = builder.gep(data_pointer(context, builder, array, operands[0]), [operands[1]])
        return load_vector(builder, pointer, vector_type(array.dtype))

    return VectorType(array.dtype)(array, types.intp), codegen


@intrinsic
def store(typingctx, array, start, vector):
    """Write a vector to a C-contiguous array from a flat index on."""

    def codegen(context, builder, signature, operands):
        pointer = builder.gep(data_pointer(context, builder, array, operands[0]), [operands[1]])
        store_vector(builder, operands[2], pointer)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), codegen


@intrinsic
def maximum(typingctx, x, y):
    """The larger of each pair; NaN if either is; x if they are equal."""

    def codegen(context, builder, signature, operands):
        first, second = operands
        larger = builder.fcmp_ordered(">", second, first)
        return builder.select(builder.or_(larger, builder.fcmp_unordered("uno", second, second)), second, first)

    return x(x, x), codegen
