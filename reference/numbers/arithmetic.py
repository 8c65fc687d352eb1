"""Arithmetics: the formats of floating-point numbers, and what an implementation claims of its operations in one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

#: Significant bits, exponent of the smallest subnormal, and largest exponent of the formats.
FORMATS = {
    "float16": (11, -24, 16),
    "bfloat16": (8, -133, 128),
    "float32": (24, -149, 128),
    "float64": (53, -1074, 1024),
}

#: What the vector libraries of processors promise at worst (OpenCL's full profile: exp and log 3, tanh 5; NumPy's and
#: Intel's 4); for the sigmoid, 1/(1 + e⁻ˣ): an exponential of 4 ULPs, at most 8u of it, an addition
#: and a division make 10u, at most 10 ULPs.
ULPS = {"exp": 4.0, "log": 4.0, "sqrt": 0.5, "tanh": 5.0, "sigmoid": 10.0}


@dataclass(frozen=True)
class Arithmetic:
    """The arithmetic that an implementation claims: what its single operations may lose.

    Args:
        format: of its results: "float16", "bfloat16", "float32" or "float64".
        unit_roundoff: largest relative error of one operation; half the distance from 1 to the next number.
        accumulation_roundoff: of each addition of a sum; the unit roundoff unless a coarser one is claimed.
        input_roundoff: to which inputs are rounded before anything else (0: not at all; 2⁻¹¹ for TF32).
        flush_to_zero: whether results and inputs below the smallest normal number may be taken as zero.
        ulps: largest errors of the elementary functions in units in the last place.

    >>> Arithmetic("float32").unit_roundoff == 2.0**-24
    True
    """

    format: str
    unit_roundoff: float = 0.0
    accumulation_roundoff: float = 0.0
    input_roundoff: float = 0.0
    flush_to_zero: bool = True
    ulps: Mapping[str, float] = field(default_factory=dict)
    precision: int = field(init=False)
    accumulation_precision: int = field(init=False)
    smallest_exponent: int = field(init=False)
    largest: float = field(init=False)
    floor: float = field(init=False)

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ValueError(f"format: wanted one of {', '.join(FORMATS)}; got {self.format!r}")
        bits, subnormal, top = FORMATS[self.format]
        smallest = subnormal + bits - 1 if self.flush_to_zero else subnormal
        roundoff = self.unit_roundoff or 2.0**-bits
        accumulation_roundoff = max(self.accumulation_roundoff, roundoff)
        for name, value in (
            ("unit_roundoff", roundoff),
            ("accumulation_roundoff", accumulation_roundoff),
            ("accumulation_precision", min(bits, math.floor(-math.log2(accumulation_roundoff)))),
            ("ulps", {**ULPS, **self.ulps}),
            ("precision", bits),
            ("smallest_exponent", smallest),
            ("largest", math.ldexp(2.0 - 2.0 ** (1 - bits), top - 1)),
            ("floor", math.ldexp(1.0, smallest)),
        ):
            object.__setattr__(self, name, value)

    def represents(self, mantissa: int, exponent: int) -> bool:
        """Whether mantissa·2^exponent is a number of the format, so that no operation need round it."""
        if mantissa == 0:
            return True
        length = mantissa.bit_length()
        if length > self.precision:
            zeros = (mantissa & -mantissa).bit_length() - 1
            length, exponent = length - zeros, exponent + zeros
        top = length + exponent
        normal_enough = top > self.smallest_exponent if self.flush_to_zero else exponent >= self.smallest_exponent
        in_steps = exponent >= FORMATS[self.format][1] or not normal_enough
        return length <= self.precision and normal_enough and in_steps and top <= FORMATS[self.format][2]

    def ulp(self, size: float) -> float:
        """The distance between neighbouring numbers of the format at a given size."""
        exponent = math.frexp(size)[1] - self.precision if size > 0 else -math.inf
        return math.ldexp(1.0, int(max(exponent, FORMATS[self.format][1])))
