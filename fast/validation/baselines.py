"""What baselines ask of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.validation import require_array
from fast.validation.perceptron import require_labels


def require_scores(scores: Any, labels: Any) -> np.ndarray:
    """Return a label +1 or -1 for each score, in the scores' dtype."""
    return require_labels(labels, len(require_array("scores", scores, "N"))).astype(scores.dtype)
