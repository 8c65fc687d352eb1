"""Division of places by lengths, which takes a thread apart into row, column and channel.

A GPU has no instruction for it. Of 64 bits it takes some 70 instructions, of 32 bits a dozen, and almost all places fit
in 32 bits. Unsigned division costs no corrections of signs, and the compiler tests whether both fit and takes the short
way; Numba's own division is signed, rounds down as Python's does and looks for zeros.
"""

from __future__ import annotations

from typing import Any

from fast.cuda.device import SIMULATED, device_function

if SIMULATED:

    def quotient(place: int, length: int) -> int:
        """place // length of a place from 0 and a length from 1."""
        return place // length

else:
    from numba import types
    from numba.cuda.extending import intrinsic

    @intrinsic
    def quotient(typingctx: Any, place: Any, length: Any) -> Any:
        """place // length of a place from 0 and a length from 1."""
        return types.intp(types.intp, types.intp), lambda context, builder, signature, pair: builder.udiv(*pair)


@device_function
def over(number: int, divisor: int) -> tuple[int, int]:
    """The quotient, and what is left."""
    whole = quotient(number, divisor)
    return whole, number - whole * divisor
