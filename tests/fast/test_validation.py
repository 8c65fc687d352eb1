"""What both paths make of hyperparameters that are numbers."""

from fractions import Fraction

import numpy as np
import pytest

from fast.validation import require_scalars
from reference.errors import InvalidArgument

FLOAT32 = np.dtype(np.float32)


def test_scalars_have_the_dtype_of_the_arrays() -> None:
    scalars = require_scalars(FLOAT32, slope=0.1, steps=2, share=Fraction(1, 4), decay=np.float64(0.1))
    assert scalars == (np.float32(0.1), 2, 0.25, np.float32(0.1))
    assert {scalar.dtype for scalar in scalars} == {FLOAT32}


def test_scalars_of_the_other_dtype_pass_without_a_warning() -> None:
    assert require_scalars(np.dtype(np.float64), slope=np.float32(0.5)) == (0.5,)


@pytest.mark.parametrize("number", [1e39, -1e39, 10**400])
def test_scalars_beyond_the_dtype_are_refused(number: float) -> None:
    with pytest.raises(InvalidArgument) as caught:
        require_scalars(FLOAT32, slope=number)
    assert caught.value.argument == "slope"
