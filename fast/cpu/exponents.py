"""Numbers and vectors by their bits: powers of two and exponents, as elementary functions want them."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from fast.cpu.vectors import VectorType, constant_of, element, lanewise


@intrinsic
def widened(typingctx, x):
    """Numbers in float64."""
    wide = VectorType(types.float64, x.count) if isinstance(x, VectorType) else types.float64

    def codegen(context, builder, signature, operands):
        value = operands[0]
        return value if element(x) == types.float64 else builder.fpext(value, context.get_value_type(wide))

    return wide(x), codegen


@intrinsic
def narrowed(typingctx, number, like):
    """Numbers of float64 rounded to the type of others."""

    def codegen(context, builder, signature, operands):
        value = operands[0]
        return value if element(like) == types.float64 else builder.fptrunc(value, context.get_value_type(like))

    return like(number, like), codegen


def _bits(builder, value):
    """The bits of numbers as integers of their width, and a function that makes such constants."""
    integer = ir.IntType(32 if getattr(value.type, "element", value.type) == ir.FloatType() else 64)
    kind = ir.VectorType(integer, value.type.count) if isinstance(value.type, ir.VectorType) else integer
    return builder.bitcast(value, kind), lambda number: constant_of(kind, number)


def _scaled(builder, value, shifted):
    k, constant = _bits(builder, shifted)
    width, significand, bias = (32, 23, 127) if getattr(k.type, "element", k.type) == ir.IntType(32) else (64, 52, 1023)
    k = builder.ashr(builder.shl(k, constant(width - significand + 1)), constant(width - significand + 1))
    half = builder.ashr(k, constant(1))
    for part in (half, builder.sub(k, half)):
        factor = builder.shl(builder.add(part, constant(bias)), constant(significand))
        value = builder.fmul(value, builder.bitcast(factor, value.type))
    return value


#: x·2ᵏ for a k that the caller holds as 1.5·2ᵖ + k, in whose last bits k is an integer (p: significand bits - 1). 2ᵏ is
#: multiplied in two halves: each is a normal number though 2ᵏ may overflow or be subnormal, and only the second
#: multiplication rounds. And no conversion from float to integer is there that NaN could make undefined.
scale_by_power_of_two = lanewise(2, _scaled)

#: The bits of √½ in float64, and how far its exponent lies above the smallest.
_ROOT_OF_HALF, _BIAS = 0x3FE6A09E667F3BCD, 1023


def _exponent_bits(builder, value):
    bits, constant = _bits(builder, value)
    distance = builder.sub(bits, constant(_ROOT_OF_HALF - (_BIAS << 52)))
    return builder.lshr(distance, constant(52)), bits, constant


def _exponent(builder, value):
    k, _, constant = _exponent_bits(builder, value)
    # As bits of a number from 2⁵² on, an integer is converted by a subtraction.
    large = builder.bitcast(builder.or_(k, constant(0x4330000000000000)), value.type)
    return builder.fsub(large, constant_of(value.type, 2.0**52 + _BIAS))


def _mantissa(builder, value):
    k, bits, constant = _exponent_bits(builder, value)
    return builder.bitcast(builder.sub(bits, builder.shl(builder.sub(k, constant(_BIAS)), constant(52))), value.type)


#: k of a positive normal x = 2ᵏ·m in float64 with √½ ≤ m < √2; and m.
binary_exponent, binary_mantissa = lanewise(1, _exponent), lanewise(1, _mantissa)


def _logarithm_or_special(builder, x, logarithm):
    zero, infinity = constant_of(x.type, 0.0), constant_of(x.type, float("inf"))
    finite = builder.and_(builder.fcmp_ordered(">", x, zero), builder.fcmp_ordered("<", x, infinity))
    special = builder.select(builder.fcmp_ordered("==", x, zero), constant_of(x.type, float("-inf")), x)
    special = builder.select(builder.fcmp_ordered("<", x, zero), constant_of(x.type, float("nan")), special)
    return builder.select(finite, logarithm, special)


#: The logarithm of x that was computed, or what it is where x isn't positive and finite.
logarithm_or_special = lanewise(2, _logarithm_or_special)
