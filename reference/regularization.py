"""Regularization: what keeps a network from memorizing its training data."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

from reference.arrays import (
    Array,
    Number,
    elementwise,
    flatten,
    require_array,
    require_arrays,
    require_shape,
    reshape,
    total,
)
from reference.elementary import weigh
from reference.errors import InvalidArgument, is_integer, require_number, require_positive_integer
from reference.numbers.mixing import divide, minus, multiply, plus

__all__ = ["EarlyStop", "draw_mask", "dropout", "dropout_vjp", "early_stopping", "l2_penalty", "l2_penalty_vjp"]


class EarlyStop(NamedTuple):
    """What `early_stopping` returns: the step whose loss counts as the best, and how many steps were made."""

    best_step: int
    steps: int


def dropout(inputs: Array, mask: Array, *, rate: Number) -> Array:
    """Deactivate the neurons that a mask says, and scale up the others so that their sum stays the same on average.

    Why: neurons that may be missing can't depend too much on each other. Scaling while training ("inverted" dropout)
    leaves nothing to do when the network is used.

    Formula:
        inputs·(1/(1 - rate)) where the mask is 1, else 0; an infinity or NaN times 0 may as well be NaN

    Args:
        inputs: an array of any shape.
        mask: an array of that shape: 1 for what is kept, 0 for what is dropped, as `draw_mask` draws it.
        rate: the probability with which something was dropped, from 0 to below 1.

    Returns:
        An array of that shape.

    Raises:
        InvalidArgument: if the shapes differ, an array is empty or ragged, an entry isn't a number, the mask holds
            anything but 0 and 1, or the rate isn't a number from 0 to below 1.

    Source:
        goldsborough-methods, "Dropout": we deactivate neurons on each activation with probability p; reinert-intro,
        "Reg. Technique 1: Dropout"; ruppert-ml2, "Dropout": deactivates random nodes.

    >>> dropout([3.0, -1.0, 2.0], [1, 1, 0], rate=0.75)
    [12.0, -4.0, 0.0]
    """
    require_mask(inputs, mask, rate)
    scale = divide(1, minus(1, rate))
    return elementwise(lambda entry, kept: weigh(kept, multiply(entry, scale)), inputs, mask)


def dropout_vjp(inputs: Array, mask: Array, cotangent: Array, *, rate: Number) -> Array:
    """Carry a gradient back through `dropout`: what was dropped learns nothing.

    Why: a step of backpropagation. The mask must be that of the forward pass.

    Formula:
        cotangent·(1/(1 - rate)) where the mask is 1, else 0, as `dropout` of the cotangent

    Args:
        inputs: as in `dropout`.
        mask: as in `dropout`.
        cotangent: the loss's gradient with respect to `dropout(inputs, mask)`, same shape.
        rate: as in `dropout`.

    Returns:
        The loss's gradient with respect to the inputs, same shape.

    Raises:
        InvalidArgument: as `dropout`, and if the cotangent's shape differs.

    Source:
        goldsborough-methods, "Dropout": can be seen as sampling a new neural network each time.

    >>> dropout_vjp([3.0, -1.0, 2.0], [1, 1, 0], [1.0, 2.0, 3.0], rate=0.5)
    [2.0, 4.0, 0.0]
    """
    require_mask(inputs, mask, rate)
    require_shape("cotangent", cotangent, require_array("inputs", inputs), "as inputs has")
    return dropout(cotangent, mask, rate=rate)


def draw_mask(lengths: Sequence[int], *, rate: float, seed: int) -> Any:
    """Draw a mask for `dropout`: each place is kept with probability 1 - rate, whatever becomes of the others.

    Why: a new one for every step of training, so that each trains another network. Given the mask, everything else is
    arithmetic, and can be compared; which numbers a seed gives is each library's own affair.

    Formula:
        1 where a uniform number from [0, 1) is at least the rate, else 0

    Args:
        lengths: the shape, positive integers.
        rate: from 0 to below 1.
        seed: of `random.Random`.

    Returns:
        A nested list of 0 and 1 of that shape.

    Raises:
        InvalidArgument: if a length isn't a positive integer, or the rate isn't a number from 0 to below 1.

    Source:
        goldsborough-methods, "Dropout".

    >>> draw_mask((2, 4), rate=0.5, seed=1)
    [[0, 1, 1, 0], [0, 0, 1, 1]]
    """
    require_rate(rate)
    chance, count = Random(seed), 1
    for length in lengths:
        count *= require_positive_integer("lengths", length)
    return reshape([int(chance.random() >= rate) for _ in range(count)], lengths)


def l2_penalty(weights: tuple[Array, ...], *, coefficient: Number) -> Array:
    """What large weights cost: added to a loss, it constrains the optimization to simple models.

    Why: a network that memorizes needs large weights. The slope of a square takes from each weight a part of itself at
    every step, which is why it is called weight decay.

    Formula:
        coefficient·Σ w² for each layer; without the ½ that some put before it (tf.nn.l2_loss), as Keras has it

    Args:
        weights: a tuple of L arrays of any shapes, one for each layer.
        coefficient: a number ≥ 0.

    Returns:
        [L], numbers ≥ 0, whose sum is added to the loss.

    Raises:
        InvalidArgument: if weights isn't a tuple of arrays, one of them is empty or ragged, an entry isn't a number, or
            the coefficient isn't a finite number ≥ 0.

    Source:
        reinert-intro, "Preventing Overfitting through Regularization": constrains our optimization problem to
        discourage complex models; ruppert-ml2, "Overfitting and Regularization".

    >>> l2_penalty(([[3.0, -4.0]], [2.0]), coefficient=0.5)
    [12.5, 2.0]
    """
    require_arrays("weights", weights, "")
    require_number("coefficient", coefficient, 0)
    return [multiply(coefficient, total(w * w for w in flatten(layer))) for layer in weights]


def l2_penalty_vjp(weights: tuple[Array, ...], cotangent: Array, *, coefficient: Number) -> tuple[Array, ...]:
    """Carry a gradient back through `l2_penalty`: from each weight it takes a part of itself.

    Why: a step of backpropagation.

    Formula:
        cotangent[l]·coefficient·2w for the weights of layer l

    Args:
        weights: as in `l2_penalty`.
        cotangent: [L], the loss's gradient with respect to each penalty; ones where they are added to a loss.
        coefficient: as in `l2_penalty`.

    Returns:
        A tuple of the loss's gradients with respect to the weights, of their shapes.

    Raises:
        InvalidArgument: as `l2_penalty`, and if the cotangent isn't one number a layer.

    Source:
        reinert-intro, "Preventing Overfitting through Regularization".

    >>> l2_penalty_vjp(([[3.0, -4.0]], [2.0]), [1.0, 3.0], coefficient=0.5)
    ([[3.0, -4.0]], [6.0])
    """
    require_arrays("weights", weights, "")
    require_shape("cotangent", cotangent, (len(weights),), "of one number a layer")
    require_number("coefficient", coefficient, 0)
    factors = [multiply(coefficient, slope) for slope in cotangent]
    return tuple(
        elementwise(lambda w, factor=factor: factor * multiply(2, w), layer)
        for layer, factor in zip(weights, factors, strict=True)
    )


def early_stopping(losses: Array, *, patience: int = 0, min_delta: Number = 0) -> EarlyStop:
    """Tell when to stop training: when the loss on data that isn't trained on hasn't become lower for a while.

    Why: from some step on a network only learns its training data by heart, and its loss on other data rises.

    Formula:
        a loss is an improvement if loss + min_delta < best so far, and the first one always is; training stops after a
        step that is none, if it is at least the patience-th in a row; with a patience of 0, too, that's the first one

    Args:
        losses: [S], the validation loss after each step (usually an epoch).
        patience: a whole number ≥ 0.
        min_delta: the least improvement, a number ≥ 0; one that is as large exactly is none.

    Returns:
        EarlyStop(best_step: counted from 0; steps: how many are made, S if training never stops).

    Raises:
        InvalidArgument: if the losses aren't a list of numbers, patience isn't a whole number ≥ 0, or min_delta isn't a
            finite number ≥ 0.

    Source:
        reinert-intro, "Reg. Technique 2: Early Stopping" and "The Last Frontier: „Overfitting“": which is the
        most ideally trained network; the rule is that of Keras' EarlyStopping.

    >>> early_stopping([5.0, 3.0, 4.0, 3.5, 1.0], patience=2)
    EarlyStop(best_step=1, steps=4)
    """
    require_array("losses", losses, "S")
    require_patience(patience)
    require_number("min_delta", min_delta, 0)
    best, waited = 0, 0
    for step in range(1, len(losses)):
        waited += 1
        if plus(losses[step], min_delta) < losses[best]:
            best, waited = step, 0
        elif waited >= patience:
            return EarlyStop(best, step + 1)
    return EarlyStop(best, len(losses))


def require_mask(inputs: Array, mask: Array, rate: Number) -> None:
    """Check the arguments of a dropout."""
    require_shape("mask", mask, require_array("inputs", inputs), "as inputs has")
    for entry in flatten(mask):
        if entry not in (0, 1):
            raise InvalidArgument("mask", "0 or 1 in each place", f"{entry!r} among them")
    require_rate(rate)


def require_rate(rate: Number) -> None:
    """Check a probability that leaves something over."""
    require_number("rate", rate, 0, 1)
    if rate == 1:
        raise InvalidArgument("rate", "a number from 0 to below 1", repr(rate))


def require_patience(patience: object) -> None:
    """Check a whole number of steps to wait."""
    if not (is_integer(patience) and int(patience) >= 0):
        raise InvalidArgument("patience", "a whole number of at least 0", repr(patience))
