"""tanh of float32 without exponential and quotient: where registers hold a table that numbers are looked up in.

AVX-512 finds sixteen numbers among thirty-two in one instruction, so that each number has a polynomial of its own: of
the interval that it lies in, a quarter of a binade. 0.77 ns of `elementary` become 0.39.

With its interval's b and c₀ = tanh b, tanh x = c₀ + y·q(y) for y = |x| - b. The difference y is exact (Sterbenz). b is
the number near the middle for which tanh b is nearest to a float32, so that c₀, which is most of the result, is hardly
rounded: by less than 0.003 ULPs. What is left is 0.5 ULPs for the last sum, and what q is off, times y, which is an
eighth of x at most. The first interval begins at 0, where b is 0: tanh x = y + y·q(y) there.

q has degree 5 and is (tanh(b + y) - tanh b)/y at the six nodes of Chebyshev's, computed with 60 digits and rounded;
between them it is off by less than 0.03 ULPs. In all, errors are at most 0.61 ULPs, which
tests/fast/cpu/elementary_bounds.py derives from the numbers below; 0.598 are the most of all 2³² numbers, at 0.5003143.
"""

from __future__ import annotations

import struct

import numpy as np
from llvmlite import ir
from numba.core import cgutils

from fast.cpu.compilation import leaf
from fast.cpu.shuffles import mixed_lanes, take_lanes
from fast.cpu.vectors import (
    INTEGER,
    VECTOR_BYTES,
    at_least,
    at_most,
    call_named,
    constant_of,
    copysign,
    lanewise,
    multiply_add,
)

#: Whether the processor has such registers.
TABLED = VECTOR_BYTES == 64
#: Intervals, and lanes of float32 that a register has: two registers hold a table.
INTERVALS, LANES = 32, 16
#: From where on tanh rounds to 1, which is what the last interval says.
SATURATED = np.float32(9.03)
#: A number's interval is in its first bits: those before the last ones are its exponent and two more. FIRST are those
#: of the first interval, up to 3·2⁻⁶, and of whatever is smaller.
LAST_BITS, FIRST = 21, 489

#: For each interval the bits of b, c₀ and q's coefficients.
BITS = """
00000000 00000000 2a9c95ac afeae2be beaaaaa7 b7227bac 3e08f10f bbf80f2b
3d4fff9b 3d4fd1e2 3f7f574b bd4f48ed bea8e9a6 3d09a804 3e058ee2 bc9b31b4
3d6fffa4 3d6fb96d 3f7f1f84 bd6ee737 bea85595 3d1e7351 3e0494b5 bcb253a8
3d8ffef7 3d8fc257 3f7ebd15 bd8f0d01 bea750bd 3d3d531e 3e02dc23 bcd46a48
3dafff73 3daf90dd 3f7e1e62 bdae4692 bea5ad70 3d65ce5c 3e001c43 bd004614
3dcffef3 3dcf48a1 3f7d60a6 bdcd2909 bea3ba26 3d86abff 3df9b566 bd1571a6
3df000f4 3deee93a 3f7c8426 bdeba8e9 bea178ac 3d99e648 3df239b8 bd299462
3e10006f 3e0f0f55 3f7b00de be0c4484 be9d8994 3db58c4c 3de54792 bd4588f8
3e2fff67 3e2e48ef 3f78958c be293c78 be97521e 3dd7d7e7 3dd13140 bd661e1e
3e4fffcd 3e4d2f5d 3f75b8b2 be44f25d be901526 3df6c7d5 3dba5355 bd8054b0
3e6fff98 3e6bb2cc 3f726fe4 be5f3609 be87ef9d 3e08fb4c 3da14652 bd8a5800
3e8fff1d 3e8c50fb 3f6cc5d5 be81c716 be749083 3e198aeb 3d71e955 bd92f69f
3eb00034 3ea96191 3f63fb82 be96d7ec be4c2bfb 3e281b5e 3d02e043 bd930b21
3ecfff41 3ec5434e 3f59ffd6 bea7fb30 be2139fd 3e2e1acb 3bc22ff4 bd8798b8
3ef00075 3edfd794 3f4f11ae beb50ec6 bdeb8e79 3e2c3261 bc8ca052 bd66e7f3
3f0fff59 3f0283bc 3f3d75f1 bec12ec6 bd5e8c03 3e1d2737 bd323291 bd18a024
3f2fff2d 3f18ab68 3f24f402 bec4bea6 3c6b9ca4 3df4c326 bd7c494a bc3e0d08
3f5000aa 3f2bc4dd 3f0cbf69 bebce02f 3d839822 3da389c4 bd806086 3bed5e1f
3f6fffd8 3f3bec0a 3eec1aa0 bead5124 3dc21a1b 3d3135ac bd595c02 3c8b2900
3f8fff5b 3f4f2de9 3eb0a972 be8ef8b2 3de34686 3b56514e bd0332a3 3c978886
3fafffed 3f613c4a 3e6753df be4b8731 3dcbebf0 bcaeeaa5 bc1b934f 3c33b36b
3fcfff88 3f6ce35b 3e133019 be08330f 3d99f034 bcce954d 3ab84987 3b86af9f
3ff0003b 3f743c5a 3db7e732 bdaf73b6 3d542d58 bcaaeab8 3b96eb31 3a2924e8
400fff12 3f7a5fc2 3d320d54 bd2e239e 3cddecc6 bc49e980 3b826061 ba3d7ec2
40300118 3f7dea97 3c84cf53 bc83ba98 3c2cc50d bba71887 3afabc28 ba0ef930
40500037 3f7f3b3e 3bc47664 bbc3df64 3b81cae7 bb003b34 3a49b84e b97eee5b
407000f6 3f7fb78e 3b10cf80 bb10a684 3ac06ee6 ba3f95cb 399932bd b8c82369
40900269 3f7fefd6 3a014c1f ba0143cf 39ac26e7 b92c09c6 388e5436 b7bb674d
40aff45f 3f7ffdce 388c7fa0 b88c7e34 383b2f12 b7bb3d05 371b358f b64c824e
40cff794 3f7fffb4 37180029 b717ffc3 36ca8673 b64a9a63 35a7ffa9 b4dd9d98
40f21a70 3f7ffff7 3590002e b590023d 353fe5e4 b4bf2ed7 341e5069 b36b7edc
410aa123 3f7fffff 33ffffd7 b40003ad 33aab30b b329420c 3288e701 b1f22803
"""
#: The same as numbers, one column after the other.
COLUMNS = tuple(
    tuple(struct.unpack("<f", int(bits, 16).to_bytes(4, "little"))[0] for bits in column)
    for column in zip(*(row.split() for row in BITS.split("\n") if row), strict=True)
)


def _interval(builder, value):
    """The interval of a positive number, counted from FIRST."""
    kind = ir.VectorType(INTEGER, value.type.count) if isinstance(value.type, ir.VectorType) else INTEGER
    bits = builder.lshr(builder.bitcast(value, kind), constant_of(kind, LAST_BITS))
    first = constant_of(kind, FIRST)
    return builder.select(builder.icmp_unsigned(">", bits, first), bits, first)


def _column(place):
    """The function that looks up what one column has for each number's interval."""
    # Of an interval's number the processor heeds the last five bits, so that the table starts where these are 0.
    column = [COLUMNS[place][(number - FIRST) % INTERVALS] for number in range(INTERVALS)]

    def look_up(builder, value):
        interval = _interval(builder, value)
        if not isinstance(value.type, ir.VectorType):
            values = ir.Constant(ir.ArrayType(ir.FloatType(), INTERVALS), column)
            table = cgutils.global_constant(builder, f"tanh.{place}", values)
            zero, last = ir.Constant(INTEGER, 0), builder.and_(interval, ir.Constant(INTEGER, INTERVALS - 1))
            return builder.load(builder.gep(table, [zero, last], inbounds=True))
        vector = ir.VectorType(ir.FloatType(), LANES)
        low, high = ir.Constant(vector, column[:LANES]), ir.Constant(vector, column[LANES:])
        found = []
        for start in range(0, value.type.count, LANES):
            part = take_lanes(builder, interval, range(start, start + LANES))
            found.append(call_named(builder, "llvm.x86.avx512.vpermi2var.ps.512", low, part, high))
        while len(found) > 1:
            found = [
                mixed_lanes(builder, one, other, range(2 * one.type.count))
                for one, other in zip(found[::2], found[1::2], strict=True)
            ]
        return found[0]

    return lanewise(1, look_up)


_b, _c_0, _q_0, _q_1, _q_2, _q_3, _q_4, _q_5 = map(_column, range(8))


@leaf
def tabled_tanh(x):
    """The hyperbolic tangent of float32."""
    size = at_most(abs(x), SATURATED)
    y = size - _b(size)
    q = multiply_add(multiply_add(_q_5(size), y, _q_4(size)), y, _q_3(size))
    q = multiply_add(multiply_add(multiply_add(q, y, _q_2(size)), y, _q_1(size)), y, _q_0(size))
    # y is larger than c₀ in the first interval only, where it takes its place.
    return copysign(multiply_add(y, q, at_least(y, _c_0(size))), x)
