"""Regularization: TensorFlow's dropout, Keras' L2 penalty and its early stopping."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import tensorflow as tf

from conformance.deviations import Deviation
from conformance.implementations.tensorflow.calls import SINCE, leniency, numbers, rounds_to_float32, shape
from conformance.implementations.tensorflow.tape import vjp
from conformance.outcomes import Severity
from reference.errors import is_integer

__all__ = ["dropout", "dropout_vjp", "early_stopping", "l2_penalty", "l2_penalty_vjp"]


def dropout(inputs: Any, mask: Any, *, rate: Any) -> Any:
    return dropped(inputs, mask, rate).numpy()


def dropout_vjp(inputs: Any, mask: Any, cotangent: Any, *, rate: Any) -> Any:
    return vjp(lambda x: dropped(x, mask, rate), (inputs,), cotangent)[0]


def dropped(inputs: Any, mask: Any, rate: Any) -> Any:
    """Dropout with the mask for its uniform numbers, of which it keeps those that are at least the rate."""
    if np.shape(mask) != np.shape(inputs) or not np.isin(mask, (0, 1)).all():
        raise ValueError("no numbers that a sampler could have drawn")
    return tf.nn.experimental.general_dropout(inputs, rate, lambda shape, dtype: tf.cast(mask, dtype))


def l2_penalty(weights: Any, *, coefficient: Any) -> Any:
    penalty = tf.keras.regularizers.L2(coefficient)
    return tf.stack([penalty(tf.constant(layer)) for layer in weights]).numpy()


def l2_penalty_vjp(weights: Any, cotangent: Any, *, coefficient: Any) -> Any:
    penalty = tf.keras.regularizers.L2(coefficient)
    return vjp(lambda *layers: tf.stack([penalty(layer) for layer in layers]), weights, cotangent)


def early_stopping(losses: Any, *, patience: Any = 0, min_delta: Any = 0) -> tuple[int, int]:
    model, callback = (
        SimpleNamespace(stop_training=False),
        tf.keras.callbacks.EarlyStopping(patience=patience, min_delta=min_delta, mode="min"),
    )
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        if model.stop_training:
            break
    return callback.best_epoch, epoch + 1


def no_rate(rate: Any, **_: Any) -> bool:
    return rate is False or rate != rate


def other_cotangent(inputs: Any, cotangent: Any, rate: Any, **_: Any) -> bool:
    """Whether a cotangent of another shape can be broadcast; where nothing is dropped, nobody looks at it."""
    if isinstance(cotangent, np.ndarray) and cotangent.dtype.kind == "f" and cotangent.shape == inputs.shape:
        return False
    return rate == 0 or bool(np.broadcast_shapes(inputs.shape, shape(cotangent)))


def other_layers(weights: Any, **_: Any) -> bool:
    shapes = [shape(layer) for layer in weights]
    return not isinstance(weights, tuple) or not shapes or any(own == () or 0 in own for own in shapes)


def no_coefficient(coefficient: Any, **_: Any) -> bool:
    return coefficient is None or isinstance(coefficient, bool)


def as_many_slopes(weights: Any, cotangent: Any, **_: Any) -> bool:
    return np.size(cotangent) == len(weights) and shape(cotangent) != (len(weights),)


def no_row_of_losses(losses: Any, **_: Any) -> bool:
    return not (isinstance(losses, np.ndarray) and losses.dtype.kind in "iuf" and losses.ndim == 1 and losses.size > 0)


def no_patience(patience: Any = 0, **_: Any) -> bool:
    return not is_integer(patience) or patience < 0


def no_least_improvement(min_delta: Any = 0, **_: Any) -> bool:
    return isinstance(min_delta, (bool, np.ndarray)) or not 0 <= min_delta < np.inf


CALL = {"inputs": numbers(1), "mask": np.array([0]), "rate": 0.0}
KEPT = {"inputs": numbers(1), "mask": np.array([1]), "rate": 0.5}
LAYERS = {"weights": (numbers(1, 1),), "coefficient": 1.0}
LAYERS_BACK = {**LAYERS, "cotangent": numbers(1)}

KNOWN_DEVIATIONS = [
    *(
        Deviation(
            operation=operation,
            reason="the coefficient is rounded to float32 in float64 too",
            severity=Severity.WRONG_NUMBERS,
            calls=lambda weights, coefficient, **_: (
                rounds_to_float32(coefficient) and any((layer != 0).any() for layer in weights)
            ),
            smallest={**smallest, "coefficient": 0.1},
            instead=instead,
            since=SINCE,
            dtypes=("float64",),
        )
        for operation, smallest, instead in (
            ("l2_penalty", LAYERS, "0.10000000149011612"),
            ("l2_penalty_vjp", LAYERS_BACK, "0.20000000298023224"),
        )
    ),
    *(
        Deviation(
            operation=operation,
            reason="at a rate of 0 nothing is dropped, whatever the numbers drawn",
            severity=Severity.WRONG_NUMBERS,
            calls=lambda mask, rate, **_: rate == 0 and bool((mask == 0).any()),
            smallest=smallest,
            instead="1",
            since=SINCE,
        )
        for operation, smallest in (("dropout", CALL), ("dropout_vjp", {**CALL, "cotangent": numbers(1)}))
    ),
    *(
        leniency(operation, "NaN and False are taken for rates", no_rate, smallest, "NaN; the inputs, for False")
        for operation, smallest in (
            ("dropout", {**KEPT, "rate": np.nan}),
            ("dropout_vjp", {**KEPT, "cotangent": numbers(1), "rate": np.nan}),
        )
    ),
    leniency(
        "dropout_vjp",
        "a cotangent is broadcast, and at a rate of 0 returned as it is",
        other_cotangent,
        {**KEPT, "cotangent": numbers(1, 1)},
        "the gradient of the cotangent broadcast to the inputs",
    ),
    *(
        leniency(
            operation,
            "layers may be in a list or an array, there may be none, and numbers and empty arrays are layers",
            other_layers,
            {**smallest, "weights": [numbers(1, 1)]},
            "the result",
        )
        for operation, smallest in (("l2_penalty", LAYERS), ("l2_penalty_vjp", LAYERS_BACK))
    ),
    *(
        leniency(
            operation,
            "True, False and None are taken for coefficients",
            no_coefficient,
            {**smallest, "coefficient": None},
            "the result with a coefficient of 1, 0 or 0.01",
        )
        for operation, smallest in (("l2_penalty", LAYERS), ("l2_penalty_vjp", LAYERS_BACK))
    ),
    leniency(
        "l2_penalty_vjp",
        "a cotangent need only have as many elements as there are layers",
        as_many_slopes,
        {**LAYERS_BACK, "cotangent": numbers(1, 1)},
        "the gradient, with the elements in the order in which they lie in memory",
    ),
    leniency(
        "early_stopping",
        "losses are only looked at when they are compared, and rows of one number are compared as numbers",
        no_row_of_losses,
        {"losses": numbers(1, 1)},
        "best step and steps of whatever can be compared",
    ),
    leniency(
        "early_stopping",
        "patience may be negative or no whole number, and is only looked at when it is compared",
        no_patience,
        {"losses": numbers(1), "patience": -1},
        "steps until as many have been waited for",
    ),
    leniency(
        "early_stopping",
        "the least improvement may be negative, infinite or NaN, True and False are numbers",
        no_least_improvement,
        {"losses": numbers(1), "min_delta": -1.0},
        "the result of its absolute value",
    ),
]
