"""Adaptive optimizers: where ε stands, which mean is whose, what is corrected, and in which order."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import numbers
from tests.conformance.power.entering import BOUND, LATTICE, LAWS, right, wrong
from tests.conformance.power.pieces import through_a_wider_format

STEP = {"parameters": numbers(3), "gradients": numbers(3, salt=1)}
RATES = {"learning_rate": 0.5, "epsilon": 0.25}


def _squares(salt: int) -> Array:
    return np.abs(numbers(3, salt=salt))


ADAM = {
    **STEP,
    **RATES,
    "first_moment": numbers(3, salt=2),
    "second_moment": _squares(3),
    "step": 3,
    "beta_1": 0.5,
    "beta_2": 0.75,
}


# --- where ε stands ---------------------------------------------------------------------------------------------------


@wrong("adagrad", BOUND, LAWS)
def adagrad_with_epsilon_inside(*data: Array, epsilon_inside_root: bool = True, **how: Any) -> Any:
    """Inside the root, also where it was wanted outside."""
    return base.adagrad(*data, **how)


@wrong("adagrad", BOUND, LAWS)
def adagrad_with_epsilon_outside(*data: Array, epsilon_inside_root: bool = True, **how: Any) -> Any:
    """Outside the root, also where it was wanted inside."""
    return base.adagrad(*data, **how, epsilon_inside_root=False)


@wrong("rmsprop", BOUND, LAWS)
def rmsprop_with_epsilon_inside(*data: Array, epsilon_inside_root: bool = True, **how: Any) -> Any:
    """As both TensorFlows have it."""
    return base.rmsprop(*data, **how)


@wrong("rmsprop", BOUND, LAWS)
def rmsprop_with_epsilon_outside(*data: Array, epsilon_inside_root: bool = True, **how: Any) -> Any:
    """As PyTorch has it."""
    return base.rmsprop(*data, **how, epsilon_inside_root=False)


@wrong("adam", BOUND, LAWS)
def adam_with_epsilon_hat(*data: Array, epsilon_hat: bool = False, **how: Any) -> Any:
    """Beside the uncorrected root, also where it was wanted beside the corrected one."""
    return base.adam(*data, **how, epsilon_hat=True)


@wrong("adam", BOUND, cases=200, witness=ADAM)
def adam_with_epsilon_inside(
    parameters: Array, gradients: Array, first_moment: Array, second_moment: Array, **how: Any
) -> Any:
    """Inside the root, as in its forerunners."""
    came = base.adam(parameters, gradients, first_moment, second_moment, **how)
    c1, c2 = (1 - how.get(beta, default) ** how["step"] for beta, default in (("beta_1", 0.9), ("beta_2", 0.999)))
    root = np.sqrt(came.second_moment / c2 + how.get("epsilon", 1e-7))
    step = how.get("learning_rate", 0.001) * came.first_moment / c1 / root
    return came._replace(parameters=(parameters - step).astype(parameters.dtype))


# --- adagrad ----------------------------------------------------------------------------------------------------------


@wrong("adagrad", LATTICE, BOUND, LAWS)
def accumulates_sizes_instead_of_squares(parameters: Array, gradients: Array, accumulator: Array, **how: Any) -> Any:
    """|g| for g²."""
    return base.adagrad(parameters, gradients, accumulator + np.abs(gradients) - gradients**2, **how)


@wrong("adagrad", BOUND, LAWS)
def divides_by_the_root_of_the_old_sum(parameters: Array, gradients: Array, accumulator: Array, **how: Any) -> Any:
    """The gradient that takes the step isn't in the sum yet."""
    came = base.adagrad(parameters, gradients, accumulator, **how)
    return came._replace(parameters=base.adagrad(parameters, gradients, accumulator - gradients**2, **how).parameters)


@wrong("adagrad", BOUND, LAWS)
def divides_by_the_sum_itself(
    parameters: Array, gradients: Array, accumulator: Array, *, learning_rate: Any, **how: Any
) -> Any:
    """The root is forgotten."""
    came = base.adagrad(parameters, gradients, accumulator, learning_rate=learning_rate, **how)
    step = parameters.dtype.type(learning_rate) * gradients / (came.accumulator + how.get("epsilon", 1e-7))
    return came._replace(parameters=(parameters - step).astype(parameters.dtype))


@wrong("adagrad", LATTICE, BOUND, LAWS)
def accumulator_is_returned_unchanged(parameters: Array, gradients: Array, accumulator: Array, **how: Any) -> Any:
    """Rates never fall."""
    return base.adagrad(parameters, gradients, accumulator, **how)._replace(accumulator=accumulator.copy())


# --- adadelta ---------------------------------------------------------------------------------------------------------


@wrong("adadelta", BOUND, LAWS)
def updates_enter_their_mean_too_early(
    parameters: Array, gradients: Array, mean_squares: Array, mean_squared_updates: Array, **how: Any
) -> Any:
    """The step is computed from a mean that has it already."""
    came = base.adadelta(parameters, gradients, mean_squares, mean_squared_updates, **how)
    early = base.adadelta(parameters, gradients, mean_squares, came.mean_squared_updates, **how)
    return came._replace(parameters=early.parameters)


@wrong("adadelta", BOUND, LAWS)
def updates_are_those_with_the_rate(
    parameters: Array, gradients: Array, mean_squares: Array, mean_squared_updates: Array, **how: Any
) -> Any:
    """The mean learns of η·Δ instead of Δ."""
    came = base.adadelta(parameters, gradients, mean_squares, mean_squared_updates, **how)
    rho = parameters.dtype.type(how.get("rho", 0.95))
    taken = rho * mean_squared_updates + (1 - rho) * (came.parameters - parameters) ** 2
    return came._replace(mean_squared_updates=taken)


@wrong("adadelta", BOUND, LAWS)
def the_two_means_swapped(
    parameters: Array, gradients: Array, mean_squares: Array, mean_squared_updates: Array, **how: Any
) -> Any:
    """The ratio is upside down."""
    came = base.adadelta(parameters, gradients, mean_squared_updates, mean_squares, **how)
    return type(came)(came[0], came[2], came[1])


@wrong("adadelta", BOUND, LAWS)
def step_from_the_old_mean_of_squares(
    parameters: Array, gradients: Array, mean_squares: Array, mean_squared_updates: Array, **how: Any
) -> Any:
    """The gradient that takes the step isn't in the mean yet."""
    came = base.adadelta(parameters, gradients, mean_squares, mean_squared_updates, **how)
    epsilon = parameters.dtype.type(how.get("epsilon", 1e-7))
    update = np.sqrt(mean_squared_updates + epsilon) * gradients / np.sqrt(mean_squares + epsilon)
    return came._replace(parameters=parameters - parameters.dtype.type(how.get("learning_rate", 1.0)) * update)


# --- rmsprop ----------------------------------------------------------------------------------------------------------


@wrong("rmsprop", LATTICE, BOUND, LAWS)
def rho_and_the_rest_swapped(*data: Array, rho: Any = 0.9, **how: Any) -> Any:
    """ρ of the new square, 1 - ρ of the old mean."""
    return base.rmsprop(*data, rho=min(1 - rho, 1 - 2.0**-20), **how)


@wrong("rmsprop", LATTICE, BOUND, LAWS)
def sums_instead_of_means(
    parameters: Array, gradients: Array, mean_squares: Array, *, rho: Any = 0.9, **how: Any
) -> Any:
    """ρ·s + g²: a sum that forgets, but no mean."""
    more = gradients**2 * parameters.dtype.type(rho)
    rest = mean_squares + more / parameters.dtype.type(rho)
    return base.rmsprop(parameters, gradients, rest, rho=rho, **how)


@wrong("rmsprop", LATTICE, BOUND)
def the_mean_is_returned_unchanged(parameters: Array, gradients: Array, mean_squares: Array, **how: Any) -> Any:
    """State that never learns."""
    return base.rmsprop(parameters, gradients, mean_squares, **how)._replace(mean_squares=mean_squares.copy())


@wrong("rmsprop", BOUND, LAWS)
def climbs_by_roots(parameters: Array, gradients: Array, mean_squares: Array, **how: Any) -> Any:
    """The sign of the step."""
    return base.rmsprop(parameters, -gradients, mean_squares, **how)


# --- adam -------------------------------------------------------------------------------------------------------------


@wrong("adam", BOUND, LAWS)
def adam_without_correction(*data: Array, step: int, **how: Any) -> Any:
    """As if it had always been running."""
    return base.adam(*data, step=10**6, **how)


@wrong("adam", BOUND, LAWS)
def adam_corrects_for_the_next_step(*data: Array, step: int, **how: Any) -> Any:
    """Steps are counted from 0 outside, and from 1 inside."""
    return base.adam(*data, step=step + 1, **how)


@wrong("adam", BOUND, LAWS, cases=200, witness=ADAM)
def adam_corrects_for_the_step_before(*data: Array, step: int, **how: Any) -> Any:
    """t - 1 for t, where that makes no division by 0."""
    return base.adam(*data, step=max(step - 1, 1), **how)


@wrong("adam", LATTICE, BOUND, LAWS)
def betas_swapped(*data: Array, beta_1: Any = 0.9, beta_2: Any = 0.999, **how: Any) -> Any:
    """β₁ for the squares, β₂ for the gradients."""
    return base.adam(*data, beta_1=beta_2, beta_2=beta_1, **how)


@wrong("adam", BOUND, LAWS)
def corrections_swapped(
    parameters: Array, gradients: Array, first_moment: Array, second_moment: Array, **how: Any
) -> Any:
    """m is divided by 1 - β₂ᵗ, v by 1 - β₁ᵗ."""
    came = base.adam(parameters, gradients, first_moment, second_moment, **how)
    c1, c2 = (1 - how.get(beta, default) ** how["step"] for beta, default in (("beta_1", 0.9), ("beta_2", 0.999)))
    root = np.sqrt(came.second_moment / c1) + how.get("epsilon", 1e-7)
    step = how.get("learning_rate", 0.001) * came.first_moment / c2 / root
    return came._replace(parameters=(parameters - step).astype(parameters.dtype))


@wrong("adam", LATTICE, BOUND, LAWS)
def second_moment_of_sizes(
    parameters: Array, gradients: Array, first_moment: Array, second_moment: Array, **how: Any
) -> Any:
    """The accumulator isn't squared: AdaMax, nearly."""
    came = base.adam(parameters, gradients, first_moment, second_moment, **how)
    sizes = np.sqrt(np.abs(gradients))
    return came._replace(second_moment=base.adam(parameters, sizes, first_moment, second_moment, **how).second_moment)


@wrong("adam", BOUND, LAWS)
def only_the_first_mean_is_corrected(
    parameters: Array, gradients: Array, first_moment: Array, second_moment: Array, **how: Any
) -> Any:
    """v̂ = v."""
    came = base.adam(parameters, gradients, first_moment, second_moment, **how)
    c1 = 1 - how.get("beta_1", 0.9) ** how["step"]
    step = how.get("learning_rate", 0.001) * came.first_moment / c1
    root = np.sqrt(came.second_moment) + how.get("epsilon", 1e-7)
    return came._replace(parameters=(parameters - step / root).astype(parameters.dtype))


@wrong("adam", BOUND, cases=200, witness={**ADAM, "step": 100, "beta_2": 0.9990234375})
def powers_of_beta_in_16_bits(*data: Array, step: int, beta_2: Any = 0.999, **how: Any) -> Any:
    """β₂ᵗ is multiplied up in float16, as a variable beside half-precision weights."""
    power = np.float16(1)
    for _ in range(step):
        power = np.float16(power * np.float16(beta_2))
    came = base.adam(*data, step=step, beta_2=beta_2, **how)
    c1, c2 = 1 - how.get("beta_1", 0.9) ** step, 1 - float(power)
    if c2 == 0 or how.get("epsilon_hat"):
        return came
    root = np.sqrt(came.second_moment / c2) + how.get("epsilon", 1e-7)
    change = how.get("learning_rate", 0.001) * came.first_moment / c1 / root
    return came._replace(parameters=(data[0] - change).astype(data[0].dtype))


# --- right ------------------------------------------------------------------------------------------------------------


@right("adagrad")
def adagrad_by_squares_first(
    parameters: Array,
    gradients: Array,
    accumulator: Array,
    *,
    learning_rate: Any,
    epsilon: Any = 1e-7,
    epsilon_inside_root: bool = True,
) -> Any:
    """The sum begins with the square, and the step's sign is the gradient's."""
    rate, small = map(parameters.dtype.type, (learning_rate, epsilon))
    sums = np.square(gradients) + accumulator
    root = np.sqrt(small + sums) if epsilon_inside_root else small + np.sqrt(sums)
    return base.AdagradStep(-(rate * gradients / root) + parameters, sums)


through_a_wider_format("adadelta")
through_a_wider_format("rmsprop")
