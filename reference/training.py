"""Training, step by step: batches and epochs, a loop that can be watched, and the landscape that it goes down in.

A loop isn't an operation: what it does with arrays is `backpropagation`, which implementations are held to, and how it
picks batches is a habit that differs from library to library. This room is for people.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from random import Random
from typing import NamedTuple

from reference.arrays import Array, Number, elementwise, require_array, require_shape
from reference.backpropagation import Arrays, backpropagation, require_network
from reference.errors import InvalidArgument, is_integer, require_number, require_positive_integer
from reference.perceptron import LearningRate, learning_rates

__all__ = [
    "LossLandscape",
    "NetworkParameters",
    "TrainingStep",
    "epoch_batches",
    "loss_landscape",
    "random_parameters",
    "steps_per_epoch",
    "training_loop",
]


class NetworkParameters(NamedTuple):
    """What `random_parameters` returns, for `forward_pass` and all that follows."""

    weights: Arrays
    biases: Arrays


class TrainingStep(NamedTuple):
    """What `training_loop` did in one step: on which examples, the loss before it, and the parameters after it."""

    epoch: int
    step: int
    steps: int
    batch: list[int]
    loss: Number
    weights: Arrays
    biases: Arrays

    def __str__(self) -> str:
        loss = f"{self.loss:.4f}" if isinstance(self.loss, float) else f"{self.loss}"
        return f"epoch {self.epoch}, step {self.step} of {self.steps}: loss {loss} of examples {self.batch}"


class LossLandscape(NamedTuple):
    """What `loss_landscape` returns: the height at each place of a grid, and the lowest place."""

    losses: Array
    lowest: tuple[Number, Number]


def steps_per_epoch(*, examples: int, batch_size: int) -> int:
    """How many steps an epoch has: as many as it takes to process every example once.

    Why: an epoch is a promise about examples, not about steps. If the batch size doesn't divide their number, there is
    one more batch, with the examples that are left.

    Formula:
        ⌈N/B⌉

    Args:
        examples: N, a positive integer.
        batch_size: B, a positive integer.

    Returns:
        A positive integer.

    Raises:
        InvalidArgument: if either isn't a positive integer.

    Source:
        ruppert-ml2, "Batches and Epochs": 1 epoch = all input examples have been processed.

    >>> [steps_per_epoch(examples=60_000, batch_size=size) for size in (1, 100, 128, 100_000)]
    [60000, 600, 469, 1]
    """
    return -(-require_positive_integer("examples", examples) // require_positive_integer("batch_size", batch_size))


def epoch_batches(*, examples: int, batch_size: int, seed: int | None = None, epoch: int = 1) -> list[list[int]]:
    """Which examples each step of an epoch looks at: each example once.

    Why: gradients of all examples together are expensive, those of one are noisy; batches are the compromise. In
    another order in every epoch, no example always follows the same other one.

    Formula:
        a permutation of 0 … N - 1, cut into pieces of B; the last piece has N - (⌈N/B⌉ - 1)·B.
        The permutation: for i = N - 1 … 1 swap places i and ⌊u·(i + 1)⌋ with u uniform in [0, 1) (Fisher and Yates)

    Args:
        examples: N, a positive integer.
        batch_size: B, a positive integer.
        seed: an integer that decides the order, with the epoch; None: the examples stay in order.
        epoch: its number, from 1.

    Returns:
        ⌈N/B⌉ lists of indices. The same arguments give the same lists, on every machine.

    Raises:
        InvalidArgument: if a number isn't a positive integer, or the seed neither an integer nor None.

    Source:
        ruppert-ml2, "Batches and Epochs"; reinert-intro, "Compromise 2: Gradient descent using Batches" and "Fixing the
        Gradient Computation Bottleneck".

    >>> epoch_batches(examples=7, batch_size=3)
    [[0, 1, 2], [3, 4, 5], [6]]
    >>> [epoch_batches(examples=7, batch_size=3, seed=0, epoch=epoch) for epoch in (1, 2)]
    [[[3, 1, 0], [5, 6, 2], [4]], [[4, 2, 5], [1, 6, 3], [0]]]
    """
    steps_per_epoch(examples=examples, batch_size=batch_size)
    require_positive_integer("epoch", epoch)
    order = list(range(examples))
    if seed is not None:
        uniform = _uniform(seed, f"epoch {epoch}")
        for i in reversed(range(1, examples)):
            j = int(uniform() * (i + 1))
            order[i], order[j] = order[j], order[i]
    return [order[start : start + batch_size] for start in range(0, examples, batch_size)]


def random_parameters(widths: Sequence[int], *, standard_deviation: Number, seed: int) -> NetworkParameters:
    """Draw the weights that training starts from; the biases are 0.

    Why: units that start with equal weights have equal gradients, and stay equal for ever.

    Formula:
        w = σ·√(-2·log(1 - u))·cos(2π·v), with u, v uniform in [0, 1): normal, of mean 0 (Box and Muller)

    Args:
        widths: how many features, the units of each hidden layer, how many classes: two or more positive integers.
        standard_deviation: σ, a number ≥ 0.
        seed: an integer. The same one gives the same weights.

    Returns:
        NetworkParameters(weights: a matrix [D, H] for each layer, biases: a vector [H] for each layer).

    Raises:
        InvalidArgument: if a width isn't a positive integer, there are fewer than two, the standard deviation isn't a
            finite number ≥ 0, or the seed isn't an integer.

    Source:
        reinert-intro, "Loss Optimization with Gradient Descent" and "Loss Optimization by Gradient Descent":
        tf.random_normal(shape, stddev=sigma).

    >>> weights, biases = random_parameters((2, 3, 2), standard_deviation=0.5, seed=1)
    >>> [[round(weight, 2) for weight in row] for row in weights[1]], biases
    ([[0.5, -0.9], [0.59, -0.47], [0.42, -0.47]], ([0, 0, 0], [0, 0]))
    """
    if not isinstance(widths, Sequence) or len(widths) < 2:
        raise InvalidArgument("widths", "two or more positive integers", repr(widths))
    require_number("standard_deviation", standard_deviation, 0)
    uniform = _uniform(seed, "weights")

    def normal() -> Number:
        return standard_deviation * (math.sqrt(-2 * math.log(1 - uniform())) * math.cos(2 * math.pi * uniform()))

    units = [require_positive_integer("widths", width) for width in widths]
    return NetworkParameters(
        weights=tuple([[normal() for _ in range(after)] for _ in range(before)] for before, after in pairwise(units)),
        biases=tuple([0] * count for count in units[1:]),
    )


def training_loop(
    inputs: Array,
    weights: Arrays,
    biases: Arrays,
    labels: Array,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: LearningRate,
    seed: int | None = None,
) -> Iterator[TrainingStep]:
    """Train a classifier of dense layers, one batch at a time, and show every step.

    Why: this is all there is to training: look at some examples, go back through the network, take a small step down.

    Formula:
        for t = 1 … epochs, for each batch of `epoch_batches`:  W ← W - η⁽ᵗ⁾·∇J(W), where J is the mean loss of the
        batch's examples. Batches of 1 are stochastic gradient descent, one of N is gradient descent. The mean of the
        steps' gradients at one W, each weighted with its examples, is the gradient of the whole; a smaller last batch
        takes a whole step all the same, so that its examples weigh more.

    Args:
        inputs: [N, D].
        weights: as in `forward_pass`.
        biases: as in `forward_pass`.
        labels: [N, K], a distribution over the classes in each row, usually one-hot.
        epochs: how many times each example is processed.
        batch_size: how many examples a step looks at; a positive integer.
        learning_rate: η: a number, one number for each epoch, or a function of the epoch's number from 1.
        seed: as in `epoch_batches`.

    Returns:
        An iterator of TrainingStep(epoch, step and steps: from 1 and of how many in the epoch, batch: indices, loss:
        of the batch, before the step, weights and biases after it). Each prints as a line.

    Raises:
        InvalidArgument: as `backpropagation` and `epoch_batches`, and if the learning rates aren't one for each epoch.

    Source:
        reinert-intro, "Loss Optimization by Gradient Descent", "Gradient Descent", "Defining Loss" and "Compromise 1:
        Stochastic Gradient Descent"; ruppert-ml2, "Training", "Stochastic Gradient Descent" and "Batches and Epochs";
        goldsborough-methods, "Neural Networks By Foot", where η is 1.

    >>> parameters = random_parameters((1, 2), standard_deviation=0.5, seed=1)
    >>> inputs, labels = [[-2.0], [-1.0], [3.0]], [[1, 0], [1, 0], [0, 1]]
    >>> for step in training_loop(inputs, *parameters, labels, epochs=2, batch_size=2, learning_rate=0.5, seed=0):
    ...     print(step)
    epoch 1, step 1 of 2: loss 0.3444 of examples [2, 0]
    epoch 1, step 2 of 2: loss 0.2862 of examples [1]
    epoch 2, step 1 of 2: loss 0.1044 of examples [2, 1]
    epoch 2, step 2 of 2: loss 0.0387 of examples [0]
    """
    require_network(inputs, weights, biases)
    require_shape("labels", labels, (len(inputs), len(biases[-1])), "of the network's output")
    rates = learning_rates(learning_rate, require_positive_integer("epochs", epochs))
    batches = [
        epoch_batches(examples=len(inputs), batch_size=batch_size, seed=seed, epoch=epoch + 1)
        for epoch in range(epochs)
    ]

    def steps(weights: Arrays, biases: Arrays) -> Iterator[TrainingStep]:
        for epoch, (rate, those) in enumerate(zip(rates, batches, strict=True), 1):
            for step, batch in enumerate(those, 1):
                examples, wanted = [inputs[n] for n in batch], [labels[n] for n in batch]
                loss, *gradients = backpropagation(examples, weights, biases, wanted)
                weights, biases = (
                    tuple(elementwise(lambda w, g, rate=rate: w - rate * g, *pair) for pair in zip(*both, strict=True))
                    for both in zip((weights, biases), gradients, strict=True)
                )
                yield TrainingStep(epoch, step, len(those), batch, loss, weights, biases)

    return steps(weights, biases)


def loss_landscape(loss: Callable[[Number, Number], Number], first: Array, second: Array) -> LossLandscape:
    """The loss at every place of a grid of two weights, and the lowest of these places.

    Why: with two weights the loss is a landscape that can be drawn, and training goes down in it. With more nobody can
    look at all places, which is why one goes down instead.

    Formula:
        losses[i, j] = J(first[i], second[j]);  lowest = argmin J on the grid, the first one if several are as low

    Args:
        loss: J, a function of two weights.
        first: [A], the first weight's values.
        second: [B], the second one's.

    Returns:
        LossLandscape(losses [A, B], lowest: a pair of weights).

    Raises:
        InvalidArgument: if the loss isn't a function, or the weights aren't lists of numbers.

    Source:
        reinert-intro, "Loss Landscape" and "Loss Optimization": W* = argmin J(W).

    >>> loss_landscape(lambda w0, w1: (w0 - 1) ** 2 + (w0 + w1) ** 2, [-1, 0, 1], [-1, 0])
    LossLandscape(losses=[[8, 5], [2, 1], [0, 1]], lowest=(1, -1))
    """
    if not callable(loss):
        raise InvalidArgument("loss", "a function of two weights", repr(loss))
    require_array("first", first, "A")
    require_array("second", second, "B")
    losses = [[loss(w0, w1) for w1 in second] for w0 in first]
    places = [(i, j) for i in range(len(first)) for j in range(len(second))]
    i, j = min(places, key=lambda place: losses[place[0]][place[1]])
    return LossLandscape(losses, (first[i], second[j]))


def _uniform(seed: int, purpose: str) -> Callable[[], float]:
    """Numbers in [0, 1) that a seed decides, others for each purpose. Python promises them for ever."""
    if not is_integer(seed):
        raise InvalidArgument("seed", "an integer", repr(seed))
    return Random(f"{int(seed)}, {purpose}").random
