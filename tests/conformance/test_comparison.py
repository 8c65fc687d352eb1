"""What is wanted of a call, and how much is allowed: also where nothing but hyperparameters went into a result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.comparison import Nonconforming, compare, expected
from conformance.implementations import numpy as right
from conformance.operations import operations
from conformance.schedules import Schedule
from reference.numbers import Arithmetic

#: Steps so large and so small that float32 doesn't hold their sum.
RATES = [16.0, 2.0**-21, 2.0**-22, 1.0, 1.0, 2.0**-21]


@pytest.mark.parametrize("rates", [RATES, Schedule(tuple(RATES))], ids=["a list", "a function"])
def test_a_threshold_learnt_from_rates_alone_may_be_rounded(rates: Any) -> None:
    operation, single = operations()["perceptron_sgd"], Arithmetic("float32")
    features = np.array([[0.0, -6.0], [0.0, 7.0], [0.0, 0.0]], np.float32)
    arguments = {"features": features, "labels": np.ones(3, int), "epochs": len(RATES), "learning_rate": rates}
    arguments["initial_weights"] = None
    wanted = expected(operation, arguments, single)
    assert wanted.final_weights[-1].error > 0
    came = operation.call(right.perceptron_sgd, arguments)
    compare(wanted, came, single, arguments)
    came.final_weights[-1] *= 1 + 2**-12
    with pytest.raises(Nonconforming, match="final_weights"):
        compare(wanted, came, single, arguments)
