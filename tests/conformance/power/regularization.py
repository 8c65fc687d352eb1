"""Regularization: what is scaled and by what, what is penalized, and when training stops."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.entering import BAD_INPUT, BOUND, GRADIENTS, LATTICE, LAWS, SPECIAL, right, wrong
from tests.conformance.power.pieces import wider

# --- wrong ------------------------------------------------------------------------------------------------------------


@wrong("dropout", LATTICE, BOUND, LAWS)
def dropout_without_scaling(inputs: Array, mask: Array, *, rate: Any) -> Array:
    """As the slides tell it: neurons are deactivated, and nothing else."""
    base.dropout(inputs, mask, rate=rate)
    return np.where(mask == 1, inputs, 0)


@wrong("dropout", BOUND, LAWS)
def dropout_scaled_by_the_rate(inputs: Array, mask: Array, *, rate: Any) -> Array:
    """1/rate in place of 1/(1 - rate), which are the same at one half."""
    base.dropout(inputs, mask, rate=rate)
    return np.where(mask == 1, inputs / inputs.dtype.type(rate if rate else 1), 0)


@wrong("dropout", LATTICE, BOUND, LAWS)
def dropout_scaled_down(inputs: Array, mask: Array, *, rate: Any) -> Array:
    """Scaled as a network is that was trained without scaling, when it is used."""
    base.dropout(inputs, mask, rate=rate)
    return np.where(mask == 1, inputs * inputs.dtype.type(1 - rate), 0)


@wrong("dropout", LATTICE, BOUND, LAWS)
def mask_says_what_is_dropped(inputs: Array, mask: Array, *, rate: Any) -> Array:
    """1 is taken for a neuron that is dropped."""
    base.dropout(inputs, mask, rate=rate)
    return base.dropout(inputs, 1 - mask.astype(int), rate=rate)


@wrong("dropout", BOUND)
def dropout_scaled_by_what_is_kept(inputs: Array, mask: Array, *, rate: Any) -> Array:
    """The scale is counted in the mask, not given by the rate."""
    base.dropout(inputs, mask, rate=rate)
    kept = max(int((mask == 1).sum()), 1)
    return np.where(mask == 1, inputs * inputs.dtype.type(mask.size / kept), 0)


@wrong("dropout", BAD_INPUT, cases=200)
def mask_of_any_numbers(inputs: Array, mask: Array, *, rate: Any) -> Array:
    """Whatever isn't zero is kept."""
    if isinstance(mask, np.ndarray) and mask.dtype.kind in "iuf":
        mask = (mask != 0).astype(np.int64)
    return base.dropout(inputs, mask, rate=rate)


@wrong("dropout_vjp", LATTICE, BOUND, GRADIENTS)
def gradient_passes_what_was_dropped(inputs: Array, mask: Array, cotangent: Array, *, rate: Any) -> Array:
    """The mask is forgotten on the way back."""
    base.dropout_vjp(inputs, mask, cotangent, rate=rate)
    return cotangent / cotangent.dtype.type(1 - rate)


@wrong("dropout_vjp", LATTICE, BOUND, GRADIENTS)
def gradient_without_scale(inputs: Array, mask: Array, cotangent: Array, *, rate: Any) -> Array:
    """The scale is forgotten on the way back."""
    base.dropout_vjp(inputs, mask, cotangent, rate=rate)
    return np.where(mask == 1, cotangent, 0)


@wrong("dropout_vjp", SPECIAL, BOUND, cases=200)
def dropped_where_the_output_is_zero(inputs: Array, mask: Array, cotangent: Array, *, rate: Any) -> Array:
    """The mask is read off the output: an input of zero looks dropped."""
    right = base.dropout_vjp(inputs, mask, cotangent, rate=rate)
    return np.where(inputs == 0, 0, right)


@wrong("l2_penalty", LATTICE, BOUND, LAWS)
def penalty_with_one_half(weights: Any, *, coefficient: Any) -> Array:
    """As tf.nn.l2_loss has it."""
    return base.l2_penalty(weights, coefficient=coefficient) / 2


@wrong("l2_penalty", LATTICE, BOUND, LAWS)
def penalty_is_the_length(weights: Any, *, coefficient: Any) -> Array:
    """The norm in place of its square."""
    base.l2_penalty(weights, coefficient=coefficient)
    return np.array([w.dtype.type(coefficient) * np.sqrt((w * w).sum()) for w in weights])


@wrong("l2_penalty", LATTICE, BOUND, LAWS)
def penalty_is_a_mean(weights: Any, *, coefficient: Any) -> Array:
    """The mean of the squares in place of their sum."""
    base.l2_penalty(weights, coefficient=coefficient)
    return np.array([w.dtype.type(coefficient) * (w * w).mean() for w in weights])


@wrong("l2_penalty", LATTICE, BOUND)
def biases_are_not_penalized(weights: Any, *, coefficient: Any) -> Array:
    """What practice recommends is built in: vectors are left out."""
    result = base.l2_penalty(weights, coefficient=coefficient)
    return np.where([w.ndim > 1 for w in weights], result, 0)


@wrong("l2_penalty_vjp", LATTICE, BOUND, GRADIENTS, LAWS)
def decay_without_the_two(weights: Any, cotangent: Array, *, coefficient: Any) -> Any:
    """The gradient of the penalty with one half."""
    return tuple(gradient / 2 for gradient in base.l2_penalty_vjp(weights, cotangent, coefficient=coefficient))


@wrong("l2_penalty_vjp", LATTICE, BOUND, GRADIENTS, LAWS)
def decay_ignores_the_cotangent(weights: Any, cotangent: Array, *, coefficient: Any) -> Any:
    """As if the penalty were always added to the loss as it is."""
    return base.l2_penalty_vjp(weights, np.where(np.isnan(cotangent), cotangent, 1), coefficient=coefficient)


@wrong("l2_penalty_vjp", LATTICE, BOUND, GRADIENTS)
def first_layers_cotangent_for_all(weights: Any, cotangent: Array, *, coefficient: Any) -> Any:
    """One gradient serves for all layers."""
    base.l2_penalty_vjp(weights, cotangent, coefficient=coefficient)
    return base.l2_penalty_vjp(weights, np.full_like(cotangent, cotangent[0]), coefficient=coefficient)


def _stop(losses: Array, improves: Any, ends: Any) -> Any:
    best = 0
    for step in range(1, len(losses)):
        if improves(losses[step], losses[best]):
            best = step
        elif ends(step - best):
            return base.EarlyStop(best, step + 1)
    return base.EarlyStop(best, len(losses))


@wrong("early_stopping", BOUND, LAWS)
def patience_off_by_one(losses: Array, *, patience: Any = 0, min_delta: Any = 0) -> Any:
    """Training stops when patience is exceeded, not when it is at its end."""
    base.early_stopping(losses, patience=patience, min_delta=min_delta)
    return _stop(losses, lambda one, best: one + losses.dtype.type(min_delta) < best, lambda n: n > patience)


@wrong("early_stopping", BOUND)
def as_low_is_an_improvement(losses: Array, *, patience: Any = 0, min_delta: Any = 0) -> Any:
    """≤ in place of <: a loss that improves by the least improvement exactly counts."""
    base.early_stopping(losses, patience=patience, min_delta=min_delta)
    return _stop(losses, lambda one, best: one + losses.dtype.type(min_delta) <= best, lambda n: n >= patience)


@wrong("early_stopping", BOUND)
def least_improvement_on_the_wrong_side(losses: Array, *, patience: Any = 0, min_delta: Any = 0) -> Any:
    """A loss that is a little higher counts as an improvement."""
    base.early_stopping(losses, patience=patience, min_delta=min_delta)
    return _stop(losses, lambda one, best: one - losses.dtype.type(min_delta) < best, lambda n: n >= patience)


@wrong("early_stopping", BOUND)
def compared_with_the_loss_before(losses: Array, *, patience: Any = 0, min_delta: Any = 0) -> Any:
    """Patience counts losses that rise, and starts anew with each that falls, however high it still is."""
    base.early_stopping(losses, patience=patience, min_delta=min_delta)
    best, waited, delta = 0, 0, losses.dtype.type(min_delta)
    for step in range(1, len(losses)):
        best = step if losses[step] + delta < losses[best] else best
        waited = 0 if losses[step] + delta < losses[step - 1] else waited + 1
        if waited and waited >= patience:
            return base.EarlyStop(best, step + 1)
    return base.EarlyStop(best, len(losses))


@wrong("early_stopping", BOUND, LAWS)
def patience_counts_steps_in_all(losses: Array, *, patience: Any = 0, min_delta: Any = 0) -> Any:
    """The counter isn't set back by an improvement."""
    base.early_stopping(losses, patience=patience, min_delta=min_delta)
    best, waited, delta = 0, 0, losses.dtype.type(min_delta)
    for step in range(1, len(losses)):
        if losses[step] + delta < losses[best]:
            best = step
            continue
        waited += 1
        if waited >= patience:
            return base.EarlyStop(best, step + 1)
    return base.EarlyStop(best, len(losses))


# --- right ------------------------------------------------------------------------------------------------------------


@right("dropout")
def product_with_mask_and_reciprocal(inputs: Array, mask: Array, *, rate: Any) -> Array:
    """The mask is multiplied with, after the scale; what is dropped and infinite becomes NaN."""
    one = inputs.dtype.type(1)
    return mask.astype(inputs.dtype) * (inputs * (one / (one - inputs.dtype.type(rate))))


@right("l2_penalty")
def penalty_through_a_wider_format(weights: Any, *, coefficient: Any) -> Array:
    """The squares in the next wider format, the last weight first; the coefficient before the sum."""
    wide, dtype = wider(weights[0].dtype), weights[0].dtype
    return np.array([(wide(coefficient) * w.ravel()[::-1].astype(wide) ** 2).sum() for w in weights]).astype(dtype)


@right("l2_penalty_vjp")
def decay_through_a_wider_format(weights: Any, cotangent: Array, *, coefficient: Any) -> Any:
    """All factors in the next wider format, the weights first, rounded once."""
    wide, dtype = wider(cotangent.dtype), cotangent.dtype
    factors = zip(weights, cotangent.astype(wide), strict=True)
    return tuple((w.astype(wide) * wide(coefficient) * 2 * slope).astype(dtype) for w, slope in factors)


@right("early_stopping")
def waits_by_counting(losses: Array, *, patience: Any = 0, min_delta: Any = 0) -> Any:
    """As Keras counts: one more with each step, none after an improvement; Python's lists for everything."""
    best, waited, delta = 0, 0, losses.dtype.type(min_delta)
    for step, loss in enumerate(losses):
        waited += 1
        if step == 0 or loss + delta < losses[best]:
            best, waited = step, 0
        elif waited >= patience:
            return best, step + 1
    return best, len(losses)
