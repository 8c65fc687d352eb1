"""Drawing long short-term memories, and their laws."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.cases.recurrent import BATCHES, tanh_of, unsaturated, weights
from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.lanes.reading import Axes
from conformance.laws import Trial, exact
from conformance.spaces import EDGES, Configuration, Space
from reference.numbers import Interval

UNITS, FEW = (1, 2, 3, 4, 5, 7, 8, 9), (1, 2, 3, 4, 5)
#: Beside such a bias no weighted sum of a law's matters: the gate is open, or with the other sign closed.
OPEN = 2000.0


def _step(c: Configuration) -> Any:
    """How many multiplications and functions of gates an example needs at each step."""
    return 8 * c.U * (c.D + c.U) + 12 * c.U


STEP = Space(
    sizes={"N": EDGES, "D": UNITS, "U": UNITS},
    small={"N": (1, 2, 3, 4), "D": (1, 2, 3), "U": (1, 2, 3)},
    steps=_step,
    work=lambda c: c.N * _step(c),
    common={"four units": {"N": 4, "D": 2, "U": 4}},
)
STEP_VJP = Space(
    sizes={"N": BATCHES, "D": UNITS, "U": UNITS},
    small={"N": (1, 2, 3, 4), "D": (1, 2, 3), "U": (1, 2, 3)},
    work=lambda c: 2 * c.N * _step(c),
    common={"three units": {"N": 1, "D": 2, "U": 3}},
)
SEQUENCE = Space(
    sizes={"N": EDGES, "T": (1, 2, 3, 4, 5, 6), "D": FEW, "U": FEW},
    choices={"state": ("none", "given")},
    small={"N": (1, 2, 3), "T": (1, 2, 3, 4), "D": (1, 2, 3), "U": (1, 2, 3)},
    steps=lambda c: c.T * _step(c),
    work=lambda c: c.N * c.T * _step(c),
    common={"words of three letters": {"N": 1, "T": 3, "D": 2, "U": 2, "state": "given"}},
)
SEQUENCE_VJP = Space(
    sizes={"N": BATCHES, "T": (1, 2, 3, 4, 5, 6), "D": FEW, "U": FEW},
    small={"N": (1, 2, 3), "T": (1, 2, 3, 4), "D": (1, 2, 3), "U": (1, 2)},
    work=lambda c: 2 * c.N * c.T * _step(c),
    common={
        "words of three letters": {"N": 1, "T": 3, "D": 2, "U": 2},
        "six steps": {"N": 1, "T": 6, "D": 3, "U": 1},
    },
)


def _state(draw: Draw, c: Configuration) -> tuple[Any, Any]:
    return draw.array(c.N, c.U), draw.array(c.N, c.U)


@case(STEP, Axes(("N D", "D G", "U G", "G", "N U"), ("N U",), "N"))
def lstm_step(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {"inputs": draw.array(c.N, c.D), **weights(draw, c, 4), "state": _state(draw, c)}


@law(lstm_step)
def lstm_step_takes_its_hidden_state_for_further_inputs(draw: Draw, trial: Trial) -> None:
    """Input and hidden state are read alike: with their kernels swapped, they may swap places."""
    units, examples = draw.sizes(2, 3)
    x, h, c = (draw.array(examples, units) for _ in range(3))
    w, r, b = draw.array(units, 4 * units), draw.array(units, 4 * units), draw.array(4 * units)
    one, other = trial.run(x, w, r, b, (h, c)), trial.run(h, r, w, b, (x, c))
    trial.agree(one.hidden, other.hidden)
    trial.agree(one.cell, other.cell)


@law(lstm_step)
def lstm_step_shows_a_part_of_its_cell(draw: Draw, trial: Trial) -> None:
    """The hidden state is the cell's tanh where the output gate is open, and nothing where it is closed."""
    x, w, r, b, state = _short_step(draw)
    came = trial.run(x, w, r, with_gate(b, 3, OPEN), state)
    trial.agree(came.hidden, tanh_of(came.cell))
    closed = trial.run(x, w, r, with_gate(b, 3, -OPEN), state)
    trial.agree(closed.hidden, 0)
    trial.agree(closed.cell, came.cell)


@law(lstm_step)
def lstm_step_adds_a_candidate_between_minus_one_and_one(draw: Draw, trial: Trial) -> None:
    """With the input gate open and the forget gate closed, the cell is the candidate, whatever was in it."""
    x, w, r, b, state = _short_step(draw)
    candidate = exact(x) @ exact(w) + exact(state[0]) @ exact(r) + exact(b)
    new = with_gate(with_gate(b, 0, OPEN), 1, -OPEN)
    trial.agree(trial.run(x, w, r, new, state).cell, tanh_of(candidate[:, 2 * len(r) : 3 * len(r)]))


@case(STEP_VJP)
def lstm_step_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {**lstm_step.draw(draw, c), "cotangent": _state(draw, c)}


@law(lstm_step_vjp)
def lstm_step_vjp_is_linear_in_its_cotangent(draw: Draw, trial: Trial) -> None:
    """A derivative is linear: the gradients of hidden and cell state add up."""
    x, w, r, b, state = _short_step(draw)
    of_hidden, of_cell = draw.array(*state[0].shape), draw.array(*state[0].shape)
    both = trial.run(x, w, r, b, state, (of_hidden, of_cell))
    one = trial.run(x, w, r, b, state, (of_hidden, 0 * of_cell))
    other = trial.run(x, w, r, b, state, (0 * of_hidden, of_cell))
    for whole, left, right in zip(both[:4], one[:4], other[:4], strict=True):
        trial.agree(whole, left + right)
    for whole, left, right in zip(both.state, one.state, other.state, strict=True):
        trial.agree(whole, left + right)


@law(lstm_step_vjp)
def lstm_step_vjp_ties_its_gradients(draw: Draw, trial: Trial) -> None:
    """One δ is behind all of them: with one example, kernel gradients are input and state times the bias's."""
    x, w, r, b, state = _short_step(draw, examples=1)
    cotangent = draw.array(*state[0].shape), draw.array(*state[0].shape)
    gradients = trial.run(x, w, r, b, state, cotangent)
    trial.agree(gradients.kernel, exact(x[0])[:, None] * gradients.bias[None, :])
    trial.agree(gradients.recurrent_kernel, exact(state[0][0])[:, None] * gradients.bias[None, :])
    trial.agree(gradients.inputs, gradients.bias[None, :] @ exact(w).T)
    trial.agree(gradients.state[0], gradients.bias[None, :] @ exact(r).T)


@case(SEQUENCE, Axes(("N T D", "D G", "U G", "G", "N U"), ("N T U", "N U"), "N"))
def lstm(draw: Draw, c: Configuration) -> dict[str, Any]:
    state = _state(draw, c) if c.state == "given" else None
    return {"inputs": draw.array(c.N, c.T, c.D), **weights(draw, c, 4), "state": state}


@law(lstm)
def lstm_is_its_step_again_and_again(draw: Draw, trial: Trial) -> None:
    """What it shows and keeps after a sequence follows from what it showed and kept one step before."""
    x, w, r, b, state = _short(draw).values()
    whole = trial.run(x, w, r, b, state)
    if x.shape[1] > 1:
        shorter = trial.run(np.ascontiguousarray(x[:, :-1]), w, r, b, state)
        trial.agree(whole.outputs[:, :-1], shorter.outputs)
        hidden, cell = shorter.outputs[:, -1], shorter.cell
    else:
        nothing = np.zeros(whole.cell.shape)
        hidden, cell = map(exact, (nothing, nothing) if state is None else state)
    enters, stays, candidate, shown = np.split(exact(x[:, -1]) @ exact(w) + hidden @ exact(r) + exact(b), 4, axis=1)
    kept = sigmoid_of(stays) * cell + sigmoid_of(enters) * tanh_of(candidate)
    trial.agree(whole.cell, kept)
    trial.agree(whole.outputs[:, -1], sigmoid_of(shown) * tanh_of(kept))


@law(lstm)
def lstm_keeps_its_cell_behind_closed_gates(draw: Draw, trial: Trial) -> None:
    """With the forget gate open and the input gate closed, the cell state stays as it was, for however long."""
    x, w, r, b, state = _short(draw, "given").values()
    trial.agree(trial.run(x, w, r, with_gate(with_gate(b, 0, -OPEN), 1, OPEN), state).cell, exact(state[1]))


@law(lstm)
def lstm_starts_from_zeros(draw: Draw, trial: Trial) -> None:
    """Where no state is given."""
    x, w, r, b, _ = _short(draw).values()
    nothing = np.zeros((len(x), len(r)), x.dtype)
    one, other = trial.run(x, w, r, b), trial.run(x, w, r, b, (nothing, nothing))
    trial.agree(one.outputs, other.outputs)
    trial.agree(one.cell, other.cell)


@law(lstm)
def lstm_treats_every_example_alone(draw: Draw, trial: Trial) -> None:
    """Examples and their states in another order give the same results in that order."""
    x, w, r, b, state = _short(draw).values()
    turned = None if state is None else tuple(np.ascontiguousarray(part[::-1]) for part in state)
    came, came_turned = trial.run(x, w, r, b, state), trial.run(np.ascontiguousarray(x[::-1]), w, r, b, turned)
    trial.agree(came.outputs[::-1], came_turned.outputs)
    trial.agree(came.cell[::-1], came_turned.cell)


@case(SEQUENCE_VJP)
def lstm_vjp(draw: Draw, c: Configuration) -> dict[str, Any]:
    cotangent = draw.array(c.N, c.T, c.U), draw.array(c.N, c.U)
    return {**lstm.draw(draw, c.changed(state="given")), "cotangent": cotangent}


@law(lstm_vjp)
def lstm_vjp_carries_a_gradient_past_closed_gates(draw: Draw, trial: Trial) -> None:
    """Where the cell state is kept, so is its gradient, over all steps: nothing vanishes."""
    call = _short_vjp(draw)
    call["bias"] = with_gate(with_gate(call["bias"], 0, -OPEN), 1, OPEN)
    outputs, cell = call["cotangent"]
    call["cotangent"] = (0 * outputs, cell)
    gradients = trial.run(*call.values())
    trial.agree(gradients.state[1], exact(cell))
    trial.agree(gradients.bias[: 2 * cell.shape[1]], 0)


@law(lstm_vjp)
def lstm_vjp_vanishes_with_the_product_of_its_forget_gates(draw: Draw, trial: Trial) -> None:
    """Half closed, a forget gate halves the gradient at every step: without kernels, dL/dc₀ is 2⁻ᵀ·dL/dc_T."""
    x, w, r, b, state, (outputs, cell) = _short_vjp(draw).values()
    gradients = trial.run(x, 0 * w, 0 * r, with_gate(0 * b, 1, 0.0), state, (0 * outputs, cell))
    trial.agree(gradients.state[1], exact(cell) / 2 ** x.shape[1])


@law(lstm_vjp)
def lstm_vjp_treats_every_example_alone(draw: Draw, trial: Trial) -> None:
    """Examples in another order have the same gradients in that order, and the weights the same ones."""
    x, w, r, b, state, cotangent = _short_vjp(draw).values()

    def turned(array: Any) -> Any:
        return np.ascontiguousarray(array[::-1])

    one = trial.run(x, w, r, b, state, cotangent)
    other = trial.run(turned(x), w, r, b, tuple(map(turned, state)), tuple(map(turned, cotangent)))
    trial.agree(one.inputs[::-1], other.inputs)
    for left, right in zip(one[1:4], other[1:4], strict=True):
        trial.agree(left, right)
    for left, right in zip(one.state, other.state, strict=True):
        trial.agree(left[::-1], right)


def with_gate(bias: Any, gate: int, value: float) -> Any:
    """The same bias, but for one gate: input, forget, candidate, output."""
    changed, units = bias.copy(), len(bias) // 4
    changed[gate * units : (gate + 1) * units] = value
    return changed


def sigmoid_of(intervals: Any) -> Any:
    """The logistic function of an array of intervals or fractions."""
    return np.vectorize(lambda entry: (entry + Interval(0)).sigmoid(), otypes=[object])(intervals)


def _short_step(draw: Draw, examples: int = 3) -> tuple[Any, ...]:
    """A call for laws, whose results are found number by number."""
    n, d, u = draw.sizes(examples, 3, 2)
    return tuple(unsaturated(lstm_step.draw(draw, STEP.simplest.changed(N=n, D=d, U=u))).values())


def _short(draw: Draw, *states: str) -> dict[str, Any]:
    n, t, d, u = draw.sizes(2, 4, 2, 2)
    state = draw.choice(*(states or ("given", "given", "none")))
    return unsaturated(lstm.draw(draw, SEQUENCE.simplest.changed(N=n, T=t, D=d, U=u, state=state)))


def _short_vjp(draw: Draw) -> dict[str, Any]:
    n, t, d, u = draw.sizes(2, 4, 2, 2)
    return unsaturated(lstm_vjp.draw(draw, SEQUENCE_VJP.simplest.changed(N=n, T=t, D=d, U=u)))
