"""Drawing neurons of binary inputs, and their laws."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.laws import Trial, exact
from conformance.spaces import EDGES, Configuration, Space

NEURONS = Space(
    sizes={"N": EDGES, "D": EDGES, "U": EDGES},
    choices={"thresholds": ("counts", "numbers")},
    small={"N": range(1, 6), "D": range(1, 8), "U": range(1, 5)},
    work=lambda c: c.N * c.D * c.U,
    common={"AND, OR and NOT": {"N": 4, "D": 2, "U": 3}},
)
#: Every pair of binary inputs, and what XOR makes of it.
PAIRS, XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])


@case(NEURONS)
def mcculloch_pitts(draw: Draw, c: Configuration) -> dict[str, Any]:
    counts = c.thresholds == "counts"
    # Of seven connections one inhibits and two aren't there: enough neurons fire, and enough are vetoed.
    kinds = draw.indices(c.D * c.U, 7).reshape(c.D, c.U)
    return {
        "inputs": draw.indices(c.N * c.D, 2).reshape(c.N, c.D),
        "connections": np.select([kinds < 4, kinds == 4], [1, -1], 0).astype(kinds.dtype),
        "thresholds": draw.indices(c.U, c.D // 2 + 2).astype(draw.dtype) if counts else draw.array(c.U),
    }


@law(mcculloch_pitts)
def mcculloch_pitts_is_silenced_by_one_inhibitory_input(draw: Draw, trial: Trial) -> None:
    """However many inputs excite it."""
    inputs, connections, thresholds = mcculloch_pitts(draw).values()
    wired = np.vstack([connections, np.full_like(connections[:1], -1)])
    on, off = (np.hstack([inputs, np.full_like(inputs[:, :1], value)]) for value in (1, 0))
    trial.agree(trial.run(on, wired, thresholds), 0)
    trial.agree(trial.run(off, wired, thresholds), trial.run(inputs, connections, thresholds))


@law(mcculloch_pitts)
def mcculloch_pitts_fires_at_its_threshold_and_not_below(draw: Draw, trial: Trial) -> None:
    """With as many inputs as it takes a neuron fires, with one less it doesn't: AND of some, or OR."""
    width = draw.integer(1, 6)
    ladder = np.tri(width + 1, width, -1, dtype=np.int64)  # no input on, then one, two, …
    thresholds = np.arange(width + 2).astype(draw.dtype)
    wired = np.ones((width, width + 2), np.int64)
    trial.agree(trial.run(ladder, wired, thresholds), np.arange(width + 1)[:, None] >= np.arange(width + 2))


@law(mcculloch_pitts)
def mcculloch_pitts_in_two_layers_are_xor(draw: Draw, trial: Trial) -> None:
    """What no single neuron is: one and not the other, or the other and not the one."""
    ones = np.ones(2, draw.dtype)
    hidden = trial.run(PAIRS, np.array([[1, -1], [-1, 1]]), ones)
    between = np.array([[int(value.low) for value in row] for row in hidden])
    trial.agree(trial.run(between, np.array([[1], [1]]), ones[:1])[:, 0], XOR)


TRAINING = Space(
    sizes={"N": (1, 2, 3, 4, 5, 8, 9, 16, 17, 33), "D": (1, 2, 3, 4, 5, 8, 9, 16, 17, 32, 33, 65)},
    choices={"epochs": (1, 2, 3, 4, 5, 6, 9, 10, 12)},
    small={"N": range(1, 7), "D": range(1, 6), "epochs": range(1, 7)},
    work=lambda c: 2 * c.N * c.D * c.epochs,
    common={"a function of two inputs": {"N": 4, "D": 2, "epochs": 10}},
)


@case(TRAINING)
def rosenblatt_train(draw: Draw, c: Configuration) -> dict[str, Any]:
    return {
        "inputs": draw.indices(c.N * c.D, 2).reshape(c.N, c.D),
        "labels": draw.indices(c.N, 2),
        "weights": draw.array(c.D + 1),
        "epochs": c.epochs,
        "learning_rate": draw.number(1.0, 0.5, 0.25, 2.0),
    }


@law(rosenblatt_train)
def rosenblatt_train_changes_nothing_where_inputs_are_0(draw: Draw, trial: Trial) -> None:
    """What was 0 had no part in the mistake: an input that is never on keeps its weight."""
    inputs, labels, weights, *_ = rosenblatt_train(draw).values()
    inputs[:, 0] = 0
    trace = trial.run(inputs, labels, weights, epochs=4)
    trial.agree(trace.weights[:, 0], exact(weights)[0])
    trial.agree(trace.final_weights[0], exact(weights)[0])


@law(rosenblatt_train)
def rosenblatt_train_learns_and_and_or(draw: Draw, trial: Trial) -> None:
    """As every function of two inputs that a line separates: in the end all are right in a row."""
    labels = draw.choice(np.array([0, 0, 0, 1]), np.array([0, 1, 1, 1]), np.array([1, 1, 1, 0]), np.array([1, 0, 0, 0]))
    order, start = np.argsort(draw.array(4)), draw.integer(-3, 3) * np.ones(3, draw.dtype)
    trace = trial.run(PAIRS[order], labels[order], start, epochs=60)
    trial.agree(trace.changes[-4:], 0)
    sums = [sum(x * w.low for x, w in zip((*pair, 1), trace.final_weights, strict=True)) for pair in PAIRS]
    trial.holds([total > 0 for total in sums] == labels.tolist(), f"{labels} learnt", sums)


@law(rosenblatt_train)
def rosenblatt_train_never_learns_xor(draw: Draw, trial: Trial) -> None:
    """No line separates it: there is a mistake in every epoch, and the weights stay small and come back."""
    order, start = np.argsort(draw.array(4)), draw.integer(-2, 2) * np.ones(3, draw.dtype)
    epochs = 24
    trace = trial.run(PAIRS[order], XOR[order], start, epochs=epochs)
    trial.holds(len(trace.changes) == 4 * epochs, "all epochs, none without a mistake", len(trace.changes))
    before = [tuple(float(w.low) for w in row) for row in trace.weights[::4]]
    trial.holds(len(set(before)) < len(before), "weights that come back", before)
    trial.holds(max(map(abs, np.ravel(before))) <= 4, "weights that stay small", before)


CLASSES = Space(
    sizes={"N": EDGES, "D": EDGES, "K": EDGES},
    choices={"weights": ("as drawn", "small")},
    small={"N": range(1, 6), "D": range(1, 9), "K": range(1, 6)},
    work=lambda c: 2 * c.N * c.D * c.K,
    common={"three classes of points": {"N": 8, "D": 2, "K": 3}},
)


@case(CLASSES)
def multiclass_perceptron_predict(draw: Draw, c: Configuration) -> dict[str, Any]:
    # Beside small weights even the largest features make scores that can be told apart.
    size = draw.dtype.type(1 if c.weights == "as drawn" else 2.0**-10)
    return {"features": draw.array(c.N, c.D), "weights": draw.array(c.D + 1, c.K) * size}


@law(multiclass_perceptron_predict)
def multiclass_perceptron_predict_takes_the_first_of_the_highest(draw: Draw, trial: Trial) -> None:
    """Of perceptrons alike the first one, and of no example one whose score isn't the highest."""
    features, weights = multiclass_perceptron_predict(draw).values()
    twice = np.hstack([weights, weights])
    came = trial.run(features, twice)
    for scores, place in zip(came.scores, came.classes, strict=True):
        trial.holds(place.low < weights.shape[1], f"a class below {weights.shape[1]}", place.low)
        chosen = scores[int(place.low)]
        trial.holds(all(chosen.high >= score.low for score in scores), "the highest score", chosen)


LEARNING = Space(
    sizes={"N": (1, 2, 3, 4, 5, 8, 9, 16, 17), "D": (1, 2, 3, 4, 5, 8, 9, 16, 17), "K": (1, 2, 3, 4, 5, 8, 9)},
    choices={"epochs": (1, 2, 3, 4, 5, 6, 9, 10, 12), "weights": ("given", "zeros")},
    small={"N": range(1, 6), "D": range(1, 5), "K": range(1, 5), "epochs": range(1, 6)},
    work=lambda c: 2 * c.N * c.D * c.K * c.epochs,
    common={"three classes of points": {"N": 8, "D": 2, "K": 3, "epochs": 10}},
)


@case(LEARNING)
def multiclass_perceptron_train(draw: Draw, c: Configuration) -> dict[str, Any]:
    shape = (c.D + 1, c.K)
    return {
        "features": draw.array(c.N, c.D),
        "labels": draw.indices(c.N, c.K),
        "weights": draw.array(*shape) if c.weights == "given" else np.zeros(shape, draw.dtype),
        "epochs": c.epochs,
        "learning_rate": draw.number(1.0, 0.5, 0.25, 2.0),
    }


@law(multiclass_perceptron_train)
def multiclass_perceptron_train_takes_from_one_what_it_gives_another(draw: Draw, trial: Trial) -> None:
    """Summed over the classes the weights never change."""
    features, labels, weights, epochs, _ = multiclass_perceptron_train(draw).values()
    trace = trial.run(features, labels, weights, epochs=epochs)
    trial.agree(trace.final_weights.sum(axis=1), exact(weights).sum(axis=1))


@law(multiclass_perceptron_train)
def multiclass_perceptron_train_learns_directions(draw: Draw, trial: Trial) -> None:
    """Examples along an axis each, of a class each, are all told apart in the end."""
    classes, size = draw.integer(1, 4), draw.integer(1, 9)
    features = (size * np.eye(classes)).astype(draw.dtype)
    trace = trial.run(
        features, np.arange(classes)[::-1].copy(), np.zeros((classes + 1, classes), draw.dtype), epochs=40
    )
    trial.agree(trace.predictions[-classes:].astype(object).sum(), sum(range(classes)))
    last = [int(place.low) for place in trace.predictions[-classes:]]
    trial.holds(sorted(last) == list(range(classes)), "each class once", last)
