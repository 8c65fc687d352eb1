"""What baselines ask of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from fast.validation import require_array, require_like
from fast.validation.metrics import require_indexing, require_indices
from fast.validation.perceptron import require_labels
from reference.errors import InvalidArgument, require_positive_integer


def require_scores(scores: Any, labels: Any) -> np.ndarray:
    """Return a label +1 or -1 for each score, in the scores' dtype."""
    return require_labels(labels, len(require_array("scores", scores, "N"))).astype(scores.dtype)


def require_training_labels(labels: Any, classes: Any) -> np.ndarray:
    """Return labels as class indices of int64."""
    return require_indices("labels", require_indexing("labels", labels), require_positive_integer("classes", classes))


def require_neighbors(features: Any, labels: Any, queries: Any, neighbors: Any, classes: Any) -> tuple[np.ndarray, int]:
    """Return the class of each example, of as many columns as queries have, and how many of them vote."""
    count, width = require_array("features", features, "N D").shape
    if len(require_indexing("labels", labels)) != count:
        raise InvalidArgument("labels", f"shape [{count}] for {count} examples", f"shape {list(labels.shape)}")
    rows = len(require_array("queries", queries, "M D"))
    require_like("queries", queries, (rows, width), features.dtype, "as features has columns")
    if require_positive_integer("neighbors", neighbors) > count:
        raise InvalidArgument("neighbors", f"an integer from 1 to {count}", repr(neighbors))
    return require_training_labels(labels, classes), int(neighbors)
