"""The formats in which lanes keep values: wider than those whose errors they bound."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.numbers import Arithmetic

#: The format in which values are kept, and its bits, for each that is claimed.
WIDE: dict[str, type[np.floating[Any]]] = {"float32": np.float64, "float64": np.longdouble}
#: Errors of the C library's functions in units of the last place of a wide format: the GNU C Library's manual, "Known
#: Maximum Errors in Math Functions", names at most 2 for exp and log, 5 for tanh; of 1/(1 + e⁻ˣ) that makes 5.
WIDE_ULPS = {"exp": 2.0, "log": 2.0, "sqrt": 0.5, "tanh": 5.0, "sigmoid": 5.0}


def wide_bits(dtype: str) -> int:
    """The significant bits of the format in which values are kept."""
    return int(np.finfo(WIDE[dtype]).nmant) + 1


def is_wide_enough(dtype: str) -> bool:
    """Whether this machine has a format that is wider by enough for the slack to be small."""
    return wide_bits(dtype) >= np.finfo(dtype).nmant + 1 + 11


def slack(arithmetic: Arithmetic) -> float:
    """What to multiply a bound by, for the roundings of the value and of the bound itself."""
    narrower = 2.0 ** -wide_bits(arithmetic.format)
    ratios = [narrower / arithmetic.unit_roundoff]
    ratios += [
        ulps * narrower / (arithmetic.ulps[name] * 2.0**-arithmetic.precision) for name, ulps in WIDE_ULPS.items()
    ]
    return 1 + max(ratios) + 2.0**-40
