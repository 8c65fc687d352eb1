"""Arithmetics: the formats of floating-point numbers, and what an implementation claims of its operations in one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reference.numbers.claims import require_errors, require_names, require_roundoff, require_truth

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

    What is exact is exact in the claimed arithmetic: of a unit roundoff of 2⁻¹¹, numbers of 11 significant bits are,
    and 4099·1 may be 4096 or 4100. The inputs themselves are of the format, unless an input roundoff is claimed.

    Args:
        format: of its results: "float16", "bfloat16", "float32" or "float64".
        unit_roundoff: largest relative error of one operation; half the distance from 1 to the next number.
        accumulation_roundoff: of each addition of a sum; the unit roundoff unless a coarser one is claimed.
        input_roundoff: to which inputs are rounded before anything else (0: not at all; 2⁻¹¹ for TF32).
        flush_to_zero: whether results and inputs below the smallest normal number may be taken as zero.
        ulps: largest errors of the elementary functions in units in the last place, of as many bits as the unit
            roundoff says.
        absolute_errors: largest errors of elementary functions as they are, in place of ULPs; of a function of which
            both are claimed, an error may be as large as the larger one.
        underflows: elementary functions whose results below the smallest normal number may be taken as zero, even if
            nothing else is flushed.

    Raises:
        InvalidArgument: if a claim can't be meant, such as that of an unknown function.

    >>> Arithmetic("float32").unit_roundoff == 2.0**-24
    True
    >>> Arithmetic("float32", absolute_errors={"sigmoid": 2.8 * 2**-24}, underflows=("sigmoid",)).ulps["sigmoid"]
    0.0
    """

    format: str
    unit_roundoff: float = 0.0
    accumulation_roundoff: float = 0.0
    input_roundoff: float = 0.0
    flush_to_zero: bool = True
    ulps: Mapping[str, float] = field(default_factory=dict)
    absolute_errors: Mapping[str, float] = field(default_factory=dict)
    underflows: Sequence[str] = ()
    bits: int = field(init=False)
    precision: int = field(init=False)
    accumulation_precision: int = field(init=False)
    accumulation_exponent: int = field(init=False)
    input_precision: int = field(init=False)
    rounds_first_terms: bool = field(init=False)
    rounds_first_terms_always: bool = field(init=False)
    smallest_normal: float = field(init=False)
    largest: float = field(init=False)
    floor: float = field(init=False)

    def __post_init__(self) -> None:
        self._require_claims()
        bits, subnormal, top = FORMATS[self.format]
        unit = self.unit_roundoff or 2.0**-bits
        accumulation = max(self.accumulation_roundoff, unit)
        normal = subnormal + bits - 1
        by_default = {name: 0.0 if name in self.absolute_errors else most for name, most in ULPS.items()}
        derived = {
            "unit_roundoff": unit,
            "accumulation_roundoff": accumulation,
            "ulps": {**by_default, **self.ulps},
            "bits": bits,
            "precision": precision_of(unit),
            "accumulation_precision": precision_of(accumulation),
            # Of the smallest number that sums are multiples of, or the smallest that is left if others are flushed.
            "accumulation_exponent": normal if self.flush_to_zero else normal - precision_of(accumulation) + 1,
            "input_precision": precision_of(self.input_roundoff) if self.input_roundoff else bits,
            # Sums start from 0, and an accumulator that doesn't hold all numbers of the format rounds the first one
            # that it takes, if that is an input; one that is coarser than other operations rounds any, in any sum.
            "rounds_first_terms": precision_of(accumulation) < bits,
            "rounds_first_terms_always": accumulation > unit,
            "smallest_normal": math.ldexp(1.0, normal),
            "largest": math.ldexp(2.0 - 2.0 ** (1 - bits), top - 1),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "floor", self.floor_of(self.precision))

    def _require_claims(self) -> None:
        if self.format not in FORMATS:
            raise ValueError(f"format: wanted one of {', '.join(FORMATS)}; got {self.format!r}")
        require_roundoff("unit_roundoff", self.unit_roundoff)
        require_roundoff("accumulation_roundoff", self.accumulation_roundoff)
        require_roundoff("input_roundoff", self.input_roundoff)
        require_truth("flush_to_zero", self.flush_to_zero)
        require_errors("ulps", self.ulps, ULPS)
        require_errors("absolute_errors", self.absolute_errors, ULPS)
        require_names("underflows", self.underflows, ULPS)

    def represents(self, mantissa: int, exponent: int, precision: int) -> bool:
        """Whether mantissa·2^exponent is a number of so many bits in the format's range, so that none need round it."""
        if mantissa == 0:
            return True
        length = mantissa.bit_length()
        if length > precision:
            zeros = (mantissa & -mantissa).bit_length() - 1
            length, exponent = length - zeros, exponent + zeros
        bits, subnormal, highest = FORMATS[self.format]
        top, normal = length + exponent, subnormal + bits - 1
        normal_enough = top > normal if self.flush_to_zero else exponent >= normal - precision + 1
        return length <= precision and normal_enough and top <= highest

    def floor_of(self, precision: int) -> float:
        """What a relative error doesn't cover: the step of subnormals of so many bits, or all of them if flushed."""
        # Bounds are doubles, and none of them is smaller than this.
        steps = max(math.ldexp(self.smallest_normal, 1 - precision), math.ldexp(1.0, -1074))
        return self.smallest_normal if self.flush_to_zero else steps

    def ulp(self, size: float) -> float:
        """The distance between neighbouring numbers at a given size, of as many bits as are claimed."""
        steps = math.ldexp(self.smallest_normal, 1 - self.precision)
        return max(math.ldexp(1.0, math.frexp(size)[1] - self.precision), steps) if size > 0 else steps


def precision_of(roundoff: float) -> int:
    """How many significant bits rounding keeps that loses no more than this, relatively.

    >>> precision_of(2.0**-24), precision_of(1.5 * 2.0**-24)
    (24, 23)
    """
    share, exponent = math.frexp(roundoff)
    return 1 - exponent if share == 0.5 else -exponent
