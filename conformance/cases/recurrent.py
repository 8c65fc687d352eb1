"""Drawing simple recurrent networks, and their laws."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.lanes.reading import Axes
from conformance.laws import Trial, exact
from conformance.spaces import EDGES, Configuration, Space
from reference.numbers import Interval

UNITS = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17)
BATCHES = (1, 2, 3, 4, 5, 8, 9, 16, 17, 33)


def _multiplications(c: Configuration) -> Any:
    """How many an example needs at each step."""
    return c.U * (c.D + c.U)


def _work(c: Configuration) -> Any:
    return 2 * c.N * _multiplications(c)


STEP = Space(
    sizes={"N": EDGES, "D": UNITS, "U": UNITS},
    small={"N": (1, 2, 3, 4), "D": (1, 2, 3, 4), "U": (1, 2, 3, 4)},
    steps=lambda c: 2 * _multiplications(c) + 3 * c.U,
    work=lambda c: _work(c) + 3 * c.N * c.U,
    common={"eight units": {"N": 4, "D": 3, "U": 8}},
)
STEP_VJP = Space(
    sizes={"N": BATCHES, "D": UNITS, "U": UNITS},
    small={"N": (1, 2, 3, 4), "D": (1, 2, 3, 4), "U": (1, 2, 3, 4)},
    work=lambda c: 3 * _work(c),
    common={"five units": {"N": 2, "D": 3, "U": 5}},
)
SEQUENCE = Space(
    sizes={"N": EDGES, "T": (1, 2, 3, 4, 5, 6), "D": UNITS, "U": UNITS},
    choices={"state": ("none", "given")},
    small={"N": (1, 2, 3), "T": (1, 2, 3, 4), "D": (1, 2, 3), "U": (1, 2, 3)},
    steps=lambda c: c.T * (2 * _multiplications(c) + 3 * c.U),
    work=lambda c: c.T * (_work(c) + 3 * c.N * c.U),
    common={"words of three letters": {"N": 2, "T": 3, "D": 5, "U": 4, "state": "given"}},
)
SEQUENCE_VJP = Space(
    sizes={"N": BATCHES, "T": (1, 2, 3, 4, 5, 6), "D": UNITS, "U": UNITS},
    small={"N": (1, 2, 3), "T": (1, 2, 3, 4), "D": (1, 2, 3), "U": (1, 2, 3)},
    work=lambda c: 3 * c.T * _work(c),
    common={"words of three letters": {"N": 1, "T": 3, "D": 3, "U": 4}},
)


def weights(draw: Draw, c: Configuration, sums: int = 1) -> dict[str, Any]:
    """Kernel, recurrent kernel and bias of units with so many weighted sums each."""
    return {
        "kernel": draw.array(c.D, sums * c.U),
        "recurrent_kernel": draw.array(c.U, sums * c.U),
        "bias": draw.array(sums * c.U),
    }


@case(STEP, Axes(("N D", "D U", "V U", "U", "N V"), ("N U",), "N"))
def simple_rnn_step(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"inputs": draw.array(c.N, c.D), **weights(draw, c), "state": draw.array(c.N, c.U)}


@law(simple_rnn_step)
def simple_rnn_step_is_odd(draw: Draw, trial: Trial) -> None:
    """As tanh is: everything with the other sign but the kernels gives the other sign."""
    x, w, r, b, h = simple_rnn_step(draw).values()
    trial.agree(trial.run(-x, w, r, -b, -h), -trial.run(x, w, r, b, h))


@law(simple_rnn_step)
def simple_rnn_step_takes_its_state_for_further_inputs(draw: Draw, trial: Trial) -> None:
    """Input and state are read alike: with their kernels swapped, they may swap places."""
    units, examples = draw.sizes(3, 3)
    x, h, w, r = (draw.array(*shape) for shape in 2 * [(examples, units)] + 2 * [(units, units)])
    b = draw.array(units)
    trial.agree(trial.run(x, w, r, b, h), trial.run(h, r, w, b, x))


@case(STEP_VJP)
def simple_rnn_step_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {**simple_rnn_step.draw(draw, c), "cotangent": draw.array(c.N, c.U)}


@law(simple_rnn_step_vjp)
def simple_rnn_step_vjp_is_linear_in_its_cotangent(draw: Draw, trial: Trial) -> None:
    """A derivative is linear, whatever the function."""
    x, w, r, b, h, g = simple_rnn_step_vjp(draw).values()
    once, twice = trial.run(x, w, r, b, h, g), trial.run(x, w, r, b, h, 2 * g)
    for one, other in zip(once, twice, strict=True):
        trial.agree(2 * one, other)


@law(simple_rnn_step_vjp)
def simple_rnn_step_vjp_ties_its_gradients(draw: Draw, trial: Trial) -> None:
    """One δ is behind all of them: with one example, kernel gradients are input and state times the bias's."""
    c = draw.configuration(STEP_VJP).changed(N=1)
    x, w, r, b, h, g = simple_rnn_step_vjp.draw(draw, c).values()
    gradients = trial.run(x, w, r, b, h, g)
    trial.agree(gradients.kernel, exact(x[0])[:, None] * gradients.bias[None, :])
    trial.agree(gradients.recurrent_kernel, exact(h[0])[:, None] * gradients.bias[None, :])
    trial.agree(gradients.inputs, gradients.bias[None, :] @ exact(w).T)
    trial.agree(gradients.state, gradients.bias[None, :] @ exact(r).T)


@case(SEQUENCE, Axes(("N T D", "D U", "V U", "U", "N V"), ("N T U",), "N"))
def simple_rnn(draw: Draw, c: Configuration) -> dict[str, Any]:
    state = draw.array(c.N, c.U) if c.state == "given" else None
    return {"inputs": draw.array(c.N, c.T, c.D), **weights(draw, c), "state": state}


@law(simple_rnn)
def simple_rnn_is_its_step_again_and_again(draw: Draw, trial: Trial) -> None:
    """Every output follows from the one before, the first one from the state that was given."""
    x, w, r, b, h = _short(draw).values()
    outputs, before = trial.run(x, w, r, b, h), exact(np.zeros((len(x), len(b))) if h is None else h)
    for t in range(x.shape[1]):
        sums = exact(x[:, t]) @ exact(w) + before @ exact(r) + exact(b)
        trial.agree(outputs[:, t], tanh_of(sums))
        before = outputs[:, t]


@law(simple_rnn)
def simple_rnn_starts_from_zeros(draw: Draw, trial: Trial) -> None:
    """Where no state is given."""
    x, w, r, b, _ = _short(draw).values()
    nothing = np.zeros((len(x), len(b)), x.dtype)
    trial.agree(trial.run(x, w, r, b), trial.run(x, w, r, b, nothing))


@law(simple_rnn)
def simple_rnn_treats_every_example_alone(draw: Draw, trial: Trial) -> None:
    """Examples and their states in another order give the same outputs in that order."""
    x, w, r, b, h = _short(draw).values()
    turned = None if h is None else np.ascontiguousarray(h[::-1])
    trial.agree(trial.run(x, w, r, b, h)[::-1], trial.run(np.ascontiguousarray(x[::-1]), w, r, b, turned))


@case(SEQUENCE_VJP)
def simple_rnn_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {**simple_rnn.draw(draw, c.changed(state="given")), "cotangent": draw.array(c.N, c.T, c.U)}


@law(simple_rnn_vjp)
def simple_rnn_vjp_goes_back_through_every_step(draw: Draw, trial: Trial) -> None:
    """Around zero tanh is the identity, and what goes back through T steps is multiplied by the kernel T times."""
    x, w, r, b, h, g = _short_vjp(draw).values()
    gradients = trial.run(0 * x, w, r, 0 * b, 0 * h, g)
    arriving = exact(0 * h)
    for t in reversed(range(x.shape[1])):
        arriving = arriving + exact(g[:, t])
        trial.agree(gradients.inputs[:, t], arriving @ exact(w).T)
        arriving = arriving @ exact(r).T
    trial.agree(gradients.state, arriving)


@law(simple_rnn_vjp)
def simple_rnn_vjp_vanishes_with_the_product_of_its_jacobians(draw: Draw, trial: Trial) -> None:
    """‖dL/dh₀‖ ≤ ‖R‖ᵀ·‖dL/dh_T‖, since no slope of tanh exceeds 1: with a small R, the past is never learnt."""
    x, w, r, b, h, g = _short_vjp(draw).values()
    g[:, :-1] = 0
    norm = max(np.abs(exact(r)).sum(axis=0))
    came = np.vectorize(lambda entry: min(abs(entry.low), abs(entry.high)) if entry.low * entry.high > 0 else 0)(
        trial.run(x, w, r, b, h, g).state
    )
    bound = norm ** x.shape[1] * np.abs(exact(g[:, -1])).sum(axis=1)
    for size, most in zip(came.sum(axis=1), bound, strict=True):
        trial.holds(size <= most, f"a gradient of at most {float(most)}", float(size))


def _short(draw: Draw) -> dict[str, Any]:
    """A call for laws, whose results are found number by number."""
    n, t, d, u = draw.sizes(2, 4, 2, 2)
    c = SEQUENCE.simplest.changed(N=n, T=t, D=d, U=u, state=draw.choice("given", "given", "none"))
    return unsaturated(simple_rnn.draw(draw, c))


def _short_vjp(draw: Draw) -> dict[str, Any]:
    n, t, d, u = draw.sizes(2, 4, 2, 2)
    return unsaturated(simple_rnn_vjp.draw(draw, SEQUENCE_VJP.simplest.changed(N=n, T=t, D=d, U=u)))


def unsaturated(call: dict[str, Any]) -> dict[str, Any]:
    """A call with small weights: where tanh saturates, it says the same whatever went in."""
    return {**call, **{name: call[name] / 16 for name in ("kernel", "recurrent_kernel", "bias")}}


def tanh_of(intervals: Any) -> Any:
    """The hyperbolic tangent of an array of intervals or fractions."""
    return np.vectorize(lambda entry: (entry + Interval(0)).tanh(), otypes=[object])(intervals)
