"""Products by tensor cores: what the lanes of a warp compute together, of numbers rounded to TF32.

An instruction multiplies 16 × 8 numbers by 8 × 8 and adds 16 × 8 sums: 1024 multiply-adds, of which a lane holds 4
numbers of each operand's side and 4 sums. Numba has no such thing, so an intrinsic emits PTX. GPUs from compute
capability 8.0 on have it.

TF32 has float32's exponents and 11 bits of its 24. Its numbers are written as float32; whoever multiplies numbers that
aren't rounded gets anything.

How tensor cores add isn't documented. Measured was, by others (`simulated_tensor_cores` says by whom), that some g
products, which are exact, and a partial sum are added at once, each cut off below 2⁻²³ of the largest, and their sum
likewise. So, with S = Σ|terms|, each of K terms but the first is off by 2⁻²³·S at most, and so is each of ⌈K/g⌉ sums,
but not one of a single term: for K > 2, that is no more than 2·(K - 1)·2⁻²³·S whatever g is, or 2⁻²² for each addition.
Of two terms, one that is cut off is less than a quarter of the other, since a product has 22 bits; so the result is off
by less than 2⁻²² of itself. Nor are subnormal numbers flushed, they say. No device has been held to any of this yet.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from fast.cuda.device import SIMULATED

#: Whether what is computed in float32 may take them: it is less accurate, so somebody has to ask for it.
TF32 = os.environ.get("FAST_CUDA_TF32") == "1"
#: What is claimed of products by tensor cores.
CLAIMS = {"input_roundoff": 2.0**-11, "accumulation_roundoff": 2.0**-22}

if SIMULATED:
    from fast.cuda.simulated_tensor_cores import rounded_to_tf32
    from fast.cuda.simulation import Fragments

    def to_tf32(number: Any) -> Any:
        """A float32, rounded to the nearest number of TF32."""
        return rounded_to_tf32(number)

    def multiply_fragments(
        a0: Any, a1: Any, a2: Any, a3: Any, b0: Any, b1: Any, c0: Any, c1: Any, c2: Any, c3: Any
    ) -> Any:
        """A lane's four numbers of A·B + C, from those that it has of A, B and C; all lanes of a warp must come."""
        launching: Any = threading.current_thread()
        return launching.exchange(Fragments((a0, a1, a2, a3), (b0, b1), (c0, c1, c2, c3)))

else:
    from llvmlite import ir
    from numba import types
    from numba.cuda.extending import intrinsic

    FLOAT, BITS = ir.FloatType(), ir.IntType(32)
    MULTIPLY = (
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {$0,$1,$2,$3}, {$4,$5,$6,$7}, {$8,$9}, {$10,$11,$12,$13};"
    )

    @intrinsic
    def to_tf32(typingctx: Any, number: Any) -> Any:
        """A float32, rounded to the nearest number of TF32."""

        def codegen(context: Any, builder: Any, signature: Any, operands: Any) -> Any:
            convert = ir.InlineAsm(ir.FunctionType(BITS, [FLOAT]), "cvt.rna.tf32.f32 $0, $1;", "=r,f")
            return builder.bitcast(builder.call(convert, operands), FLOAT)

        return types.float32(types.float32), codegen

    @intrinsic
    def multiply_fragments(
        typingctx: Any, a0: Any, a1: Any, a2: Any, a3: Any, b0: Any, b1: Any, c0: Any, c1: Any, c2: Any, c3: Any
    ) -> Any:
        """A lane's four numbers of A·B + C, from those that it has of A, B and C; all lanes of a warp must come."""

        def codegen(context: Any, builder: Any, signature: Any, operands: Any) -> Any:
            kind = ir.FunctionType(ir.LiteralStructType([FLOAT] * 4), [BITS] * 6 + [FLOAT] * 4)
            of_warp = ir.InlineAsm(kind, MULTIPLY, "=f,=f,=f,=f,r,r,r,r,r,r,f,f,f,f", side_effect=True)
            given = [builder.bitcast(number, BITS) for number in operands[:6]]
            # Convergent: no compiler may move it to where only some lanes come.
            found = builder.call(of_warp, [*given, *operands[6:]], attrs=("convergent",))
            return context.make_tuple(
                builder, signature.return_type, [builder.extract_value(found, place) for place in range(4)]
            )

        return types.UniTuple(types.float32, 4)(*[types.float32] * 10), codegen
