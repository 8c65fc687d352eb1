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
    """Numbers rounded to the type of others, if it is a narrower one."""

    def codegen(context, builder, signature, operands):
        value = operands[0]
        return value if number == like else builder.fptrunc(value, context.get_value_type(like))

    return like(number, like), codegen


def _bits(builder, value):
    """The bits of numbers as integers of their width, and a function that makes such constants."""
    integer = ir.IntType(32 if getattr(value.type, "element", value.type) == ir.FloatType() else 64)
    kind = ir.VectorType(integer, value.type.count) if isinstance(value.type, ir.VectorType) else integer
    return builder.bitcast(value, kind), lambda number: constant_of(kind, number)


def _format(bits):
    """Of numbers with such bits: their width, the significand's, and the bias of the exponent."""
    return (32, 23, 127) if getattr(bits.type, "element", bits.type) == ir.IntType(32) else (64, 52, 1023)


def _power(builder, shifted):
    bits, constant = _bits(builder, shifted)
    _, significand, _ = _format(bits)
    return builder.bitcast(builder.shl(bits, constant(significand)), shifted.type)


#: 2ᵏ, a normal number, for a k that the caller holds as 1.5·2ᵖ + bias + k (p: significand bits - 1): the last bits of
#: that are 2ᵏ's exponent. And no conversion from float to integer is there that NaN could make undefined.
power_of_two = lanewise(1, _power)


def _scaled(builder, value, shifted):
    k, constant = _bits(builder, shifted)
    width, significand, bias = _format(k)
    k = builder.ashr(builder.shl(k, constant(width - significand + 1)), constant(width - significand + 1))
    half = builder.ashr(k, constant(1))
    for part in (half, builder.sub(k, half)):
        factor = builder.shl(builder.add(part, constant(bias)), constant(significand))
        value = builder.fmul(value, builder.bitcast(factor, value.type))
    return value


#: x·2ᵏ for a k of any size that the caller holds as 1.5·2ᵖ + k. 2ᵏ is multiplied in two halves: each is a normal number
#: though 2ᵏ may overflow or be subnormal, and only the second multiplication rounds.
scale_by_power_of_two = lanewise(2, _scaled)

#: The bits of √½, by the width of numbers.
_ROOT_OF_HALF = {32: 0x3F3504F3, 64: 0x3FE6A09E667F3BCD}


def _exponent_bits(builder, value):
    bits, constant = _bits(builder, value)
    width, significand, bias = _format(bits)
    distance = builder.sub(bits, constant(_ROOT_OF_HALF[width] - (bias << significand)))
    return builder.lshr(distance, constant(significand)), bits


def _exponent(builder, value):
    k, bits = _exponent_bits(builder, value)
    _, significand, bias = _format(bits)
    # As bits of a number from 2⁵² (or 2²³) on, an integer is converted by a subtraction.
    large = builder.or_(k, constant_of(k.type, (bias + significand) << significand))
    return builder.fsub(builder.bitcast(large, value.type), constant_of(value.type, 2.0**significand + bias))


def _mantissa(builder, value):
    k, bits = _exponent_bits(builder, value)
    _, significand, bias = _format(bits)
    excess = builder.shl(builder.sub(k, constant_of(k.type, bias)), constant_of(k.type, significand))
    return builder.bitcast(builder.sub(bits, excess), value.type)


#: k of a positive normal x = 2ᵏ·m with √½ ≤ m < √2; and m.
binary_exponent, binary_mantissa = lanewise(1, _exponent), lanewise(1, _mantissa)


def _logarithm_or_special(builder, x, logarithm):
    zero, infinity = constant_of(x.type, 0.0), constant_of(x.type, float("inf"))
    finite = builder.and_(builder.fcmp_ordered(">", x, zero), builder.fcmp_ordered("<", x, infinity))
    special = builder.select(builder.fcmp_ordered("==", x, zero), constant_of(x.type, float("-inf")), x)
    special = builder.select(builder.fcmp_ordered("<", x, zero), constant_of(x.type, float("nan")), special)
    return builder.select(finite, logarithm, special)


#: The logarithm of x that was computed, or what it is where x isn't positive and finite.
logarithm_or_special = lanewise(2, _logarithm_or_special)
