"""What sampling asks of its arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.validation import require_array, require_like, require_scalars
from reference.errors import require_number


def require_sampling(probabilities: Any, draws: Any, temperature: Any) -> np.floating[Any]:
    """Return the temperature as the dtype has it, if there is a draw for each row of probabilities."""
    dtype = require_array("probabilities", probabilities, "N K").dtype
    require_like("draws", draws, probabilities.shape[:1], dtype, "of one draw a row")
    return require_scalars(dtype, temperature=require_number("temperature", temperature, above=0))[0]
