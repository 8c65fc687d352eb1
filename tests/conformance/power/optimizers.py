"""Steps of optimizers: signs, rates and velocities, variants taken for each other, decays by the wrong power."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from tests.conformance.power.calls import numbers
from tests.conformance.power.entering import BOUND, LATTICE, LAWS, right, wrong
from tests.conformance.power.pieces import through_a_wider_format, zeroed

STEP = {"parameters": numbers(3), "gradients": numbers(3, salt=1)}
MOVING = {**STEP, "velocity": numbers(3, salt=2), "learning_rate": 0.5, "momentum": 0.25}
DECAY = {"learning_rates": numbers(3), "step": 3, "decay_steps": 2, "decay_rate": 0.5}


# --- gradient descent -------------------------------------------------------------------------------------------------


@wrong("gradient_descent", LATTICE, BOUND, LAWS)
def climbs_the_gradient(parameters: Array, gradients: Array, *, learning_rate: Any) -> Array:
    """The sign is forgotten: steepest ascent."""
    return base.gradient_descent(parameters, -gradients, learning_rate=learning_rate)


@wrong("gradient_descent", LATTICE, BOUND)
def rate_of_one_example(parameters: Array, gradients: Array, *, learning_rate: Any) -> Array:
    """The gradient is averaged over its first axis, as if it were a batch."""
    return base.gradient_descent(
        parameters, gradients / gradients.dtype.type(len(gradients)), learning_rate=learning_rate
    )


@wrong("gradient_descent", LATTICE, BOUND, LAWS)
def shrinks_parameters_first(parameters: Array, gradients: Array, *, learning_rate: Any) -> Array:
    """Weight decay that nobody asked for."""
    return base.gradient_descent(parameters * parameters.dtype.type(1 - 1e-3), gradients, learning_rate=learning_rate)


@wrong(
    "gradient_descent",
    LATTICE,
    cases=200,
    where=lambda parameters, gradients, **how: np.abs(gradients).max() > 1000,
    witness={**STEP, "gradients": 2000 * numbers(3), "learning_rate": 1.0},
)
def clips_gradients(parameters: Array, gradients: Array, *, learning_rate: Any) -> Array:
    """Gradients beyond 1000 are taken for explosions."""
    return base.gradient_descent(parameters, np.clip(gradients, -1000, 1000), learning_rate=learning_rate)


@wrong(
    "gradient_descent",
    LATTICE,
    cases=200,
    where=lambda parameters, gradients, **how: parameters.size > 8 and parameters.size % 8 > 0,
    witness={"parameters": numbers(9), "gradients": numbers(9, salt=1), "learning_rate": 1.0},
)
def remainder_of_a_vector_stays(parameters: Array, gradients: Array, *, learning_rate: Any) -> Array:
    """Only whole vectors of eight take the step."""
    flat = gradients.ravel()
    cut = zeroed(flat, np.s_[flat.size // 8 * 8 :]).reshape(gradients.shape)
    return base.gradient_descent(parameters, cut, learning_rate=learning_rate)


@right("gradient_descent")
def descends_in_place_of_a_copy(parameters: Array, gradients: Array, *, learning_rate: Any) -> Array:
    """The product first, then subtracted in its own memory."""
    step = gradients * gradients.dtype.type(-learning_rate)
    step += parameters
    return step


# --- momentum ---------------------------------------------------------------------------------------------------------


@wrong("momentum", LATTICE, BOUND, LAWS)
def nesterov_always(*data: Array, nesterov: bool = False, **how: Any) -> Any:
    """The variant is taken for the method."""
    return base.momentum(*data, **how, nesterov=True)


@wrong("momentum", LATTICE, BOUND, LAWS)
def nesterov_never(*data: Array, nesterov: bool = False, **how: Any) -> Any:
    """The variant is ignored."""
    return base.momentum(*data, **how, nesterov=False)


@wrong("momentum", LATTICE, BOUND, LAWS)
def rate_always_in_velocity(*data: Array, rate_in_velocity: bool = True, **how: Any) -> Any:
    """One convention for both."""
    return base.momentum(*data, **how)


@wrong("momentum", LATTICE, BOUND, LAWS)
def dampened(parameters: Array, gradients: Array, velocity: Array, *, momentum: Any, **how: Any) -> Any:
    """Gradients count 1 - μ only, as in Adam's mean."""
    less = gradients * gradients.dtype.type(1 - momentum)
    return base.momentum(parameters, less, velocity, momentum=momentum, **how)


@wrong("momentum", LATTICE, BOUND)
def velocity_is_returned_unchanged(parameters: Array, gradients: Array, velocity: Array, **how: Any) -> Any:
    """The parameters are right, and the next step begins with an old velocity."""
    return base.momentum(parameters, gradients, velocity, **how)._replace(velocity=velocity.copy())


@wrong("momentum", LATTICE, BOUND, LAWS)
def steps_with_the_old_velocity(parameters: Array, gradients: Array, velocity: Array, **how: Any) -> Any:
    """The parameters move before the velocity has changed."""
    came = base.momentum(parameters, gradients, velocity, **how)
    rate = parameters.dtype.type(how["learning_rate"])
    return came._replace(parameters=parameters + (velocity if how.get("rate_in_velocity", True) else -rate * velocity))


@wrong("momentum", LATTICE, BOUND, cases=200, witness={**MOVING, "rate_in_velocity": False, "nesterov": True})
def looks_ahead_without_the_rate(
    parameters: Array, gradients: Array, velocity: Array, *, learning_rate: Any, momentum: Any, **how: Any
) -> Any:
    """Nesterov's second term lacks its η, where the velocity has none."""
    came = base.momentum(parameters, gradients, velocity, learning_rate=learning_rate, momentum=momentum, **how)
    if how.get("rate_in_velocity", True) or not how.get("nesterov", False):
        return came
    rate, mu = map(parameters.dtype.type, (learning_rate, momentum))
    return came._replace(parameters=parameters - (rate * gradients + mu * came.velocity))


# --- decay ------------------------------------------------------------------------------------------------------------


@wrong("exponential_decay", BOUND, LAWS, cases=200)
def staircase_always(learning_rates: Array, *, staircase: bool = False, **how: Any) -> Array:
    """Rates fall all at once, whatever was asked for."""
    return base.exponential_decay(learning_rates, staircase=True, **how)


@wrong("exponential_decay", BOUND, LAWS, cases=200)
def staircase_never(learning_rates: Array, *, staircase: bool = False, **how: Any) -> Array:
    """Rates fall gradually, whatever was asked for."""
    return base.exponential_decay(learning_rates, **how)


@wrong("exponential_decay", BOUND, LAWS)
def decays_from_step_1(learning_rates: Array, *, step: int, **how: Any) -> Array:
    """The first step has decayed already."""
    return base.exponential_decay(learning_rates, step=step + 1, **how)


@wrong("exponential_decay", BOUND, LAWS)
def decays_by_e(learning_rates: Array, *, step: int, decay_steps: int, decay_rate: Any, **how: Any) -> Array:
    """e^(-r·t/T): exponential decay, as physicists have it."""
    return learning_rates * learning_rates.dtype.type(np.exp(-decay_rate * step / decay_steps))


@wrong("exponential_decay", BOUND, cases=200, witness={**DECAY, "staircase": True})
def staircase_of_rounded_steps(learning_rates: Array, *, step: int, decay_steps: int, **how: Any) -> Array:
    """Rounded to the nearest step of the staircase, not down."""
    nearest = int(np.rint(step / decay_steps)) * decay_steps if how.get("staircase") else step
    return base.exponential_decay(learning_rates, step=nearest, decay_steps=decay_steps, **how)


@wrong("exponential_decay", BOUND, cases=200, witness={**DECAY, "step": 100, "decay_steps": 3, "decay_rate": 0.75})
def power_in_16_bits(learning_rates: Array, *, step: int, decay_steps: int, decay_rate: Any, **how: Any) -> Array:
    """The exponent t/T is one of float16."""
    exponent = step // decay_steps if how.get("staircase") else float(np.float16(step / decay_steps))
    return learning_rates * learning_rates.dtype.type(np.float64(decay_rate) ** exponent)


@right("exponential_decay")
def decay_by_logarithms(
    learning_rates: Array, *, step: int, decay_steps: int, decay_rate: Any, staircase: bool = False
) -> Array:
    """2^(log₂r·t/T), in float64."""
    exponent = step // decay_steps if staircase else step / decay_steps
    return learning_rates * learning_rates.dtype.type(np.exp2(np.log2(float(decay_rate)) * exponent))


through_a_wider_format("gradient_descent")
through_a_wider_format("momentum")
