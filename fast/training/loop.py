"""Training: for each batch the gradients, then one step of Adam; after each epoch a look at the validation examples.

All parameters are one vector, and so are their gradients and moments: a step of Adam is one pass over them, in place.
Whatever a step writes to was allocated before the first one. What is random is drawn anew for each epoch from the seed
and the epoch's number: who goes on from a result gets the bits of who never stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fast import cpu
from fast.cpu.convolutional_network import Parameters, Workspace, find_gradients, new_workspace
from fast.results import AdamStep
from fast.training.digits import CLASSES, SIDE, Digits, Examples
from fast.training.evaluation import evaluate
from fast.training.networks import NETWORKS, Network, initial_numbers, lengths_of_mask, parameters_in, shaped
from fast.training.plan import Plan, require_plan
from fast.training.results import Epoch, Result
from reference.errors import InvalidArgument

#: Called after each step with its number in the epoch, of how many, and the batch's loss.
OnStep = Callable[[int, int, float], None]
#: Called after each epoch.
OnEpoch = Callable[[Result], None]


class Batch(NamedTuple):
    """Memory for a batch: bytes as they are picked, numbers, one-hot labels, random numbers, and what is kept."""

    picked: np.ndarray
    images: np.ndarray
    labels: np.ndarray
    drawn: np.ndarray
    kept: np.ndarray


def train(
    network: str,
    digits: Digits,
    plan: Plan | None = None,
    *,
    result: Result | None = None,
    on_step: OnStep = lambda step, steps, loss: None,
    on_epoch: OnEpoch = lambda result: None,
) -> Result:
    """Train one of the slides' networks on handwritten digits; or go on with what was trained before.

    Args: network, a name in NETWORKS; digits, as `load_digits` reads them; plan; result, of an earlier run with the
        same plan but for the epochs; on_step and on_epoch, called on the way.
    Returns: Result, the state after the last epoch: that of the plan, or where its patience ended.
    Raises: InvalidArgument if there is no such network, the plan doesn't fit the digits or the result to the plan.
    """
    if network not in NETWORKS:
        raise InvalidArgument("network", f"one of {', '.join(NETWORKS)}", repr(network))
    plan = require_plan(plan or Plan(), len(digits.train.images))
    state = _first(network, plan) if result is None else _continued(result, network, plan)
    learnt = Examples(*(part[: -plan.validation] for part in digits.train))
    validation = Examples(*(part[-plan.validation :] for part in digits.train))
    while len(state.epochs) < plan.epochs and not has_run_out_of_patience(state):
        state = train_epoch(state, NETWORKS[network], learnt, validation, on_step)
        on_epoch(state)
    return state


def has_run_out_of_patience(result: Result) -> bool:
    """Whether the validation loss hasn't fallen for as many epochs as the plan would wait."""
    if not result.plan.patience or not result.epochs:
        return False
    losses = np.array([epoch.validation_loss for epoch in result.epochs])
    best = int(cpu.early_stopping(losses, patience=result.plan.patience).best_step)
    return len(losses) - 1 - best >= result.plan.patience


def train_epoch(state: Result, network: Network, learnt: Examples, validation: Examples, on_step: OnStep) -> Result:
    """One epoch from a state, which stays as it is."""
    plan, number, start, total = state.plan, len(state.epochs), time.perf_counter(), 0.0
    rng = np.random.default_rng((plan.seed, 1, number))
    numbers, first, second = (array.copy() for array in (state.numbers, state.first_moment, state.second_moment))
    gradients = np.empty_like(numbers)
    views = parameters_in(numbers, network), parameters_in(gradients, network)
    order, steps = rng.permutation(len(learnt.images)), len(learnt.images) // plan.batch_size
    batch, labels = new_batch(network, plan.batch_size), np.eye(CLASSES, dtype=np.float32)
    workspace = new_workspace(batch.images, views[0], network.geometries)
    moments = AdamStep(numbers, first, second)
    # What is left over when the batches are full waits for another epoch, in which it isn't last.
    for step in range(steps):
        chosen = order[step * plan.batch_size : (step + 1) * plan.batch_size]
        fill(batch, learnt, chosen, labels, plan, network.rate, rng)
        gradients_of(batch, network, views, workspace)
        rate = rate_at(plan, number + step / steps)
        cpu.adam(numbers, gradients, first, second, step=number * steps + step + 1, learning_rate=rate, out=moments)
        total += float(workspace.loss)
        on_step(step + 1, steps, float(workspace.loss))
    seen = evaluate(network, views[0], validation)
    taken = time.perf_counter() - start
    epoch = Epoch(rate_at(plan, number + 1), total / steps, seen.loss, seen.error, taken)
    is_best = not state.epochs or seen.loss < min(before.validation_loss for before in state.epochs)
    best = numbers if is_best else state.best_numbers
    return state._replace(
        epochs=(*state.epochs, epoch), numbers=numbers, first_moment=first, second_moment=second, best_numbers=best
    )


def rate_at(plan: Plan, epochs: float) -> float:
    """The learning rate after so many epochs, whole ones or not."""
    return plan.learning_rate * plan.decay_rate**epochs


def new_batch(network: Network, count: int) -> Batch:
    """Memory for batches of so many examples."""
    picked, mask = np.empty((count, SIDE, SIDE), np.uint8), lengths_of_mask(network, count)
    return Batch(
        picked=picked,
        images=np.empty(shaped(picked, network).shape, np.float32),
        labels=np.empty((count, CLASSES), np.float32),
        drawn=np.empty(mask, np.float32),
        kept=np.empty(mask, np.bool_),
    )


def fill(
    batch: Batch,
    examples: Examples,
    chosen: np.ndarray,
    labels: np.ndarray,
    plan: Plan,
    rate: float,
    rng: np.random.Generator,
) -> None:
    """Bring the chosen examples into a batch, moved a little if the plan says so, and draw what dropout keeps."""
    np.take(examples.images, chosen, axis=0, out=batch.picked)
    if plan.shift:
        move(batch.picked, rng.integers(-plan.shift, plan.shift + 1, (len(chosen), 2)))
    np.divide(batch.picked.reshape(batch.images.shape), np.float32(255), out=batch.images)
    np.take(labels, examples.labels[chosen], axis=0, out=batch.labels)
    if rate:
        rng.random(out=batch.drawn, dtype=np.float32)
        np.greater_equal(batch.drawn, np.float32(rate), out=batch.kept)


def move(images: np.ndarray, distances: np.ndarray) -> None:
    """Move each image so many rows down and columns to the right, in place; what comes in is paper."""
    for image, (down, right) in zip(images, distances.tolist(), strict=True):
        moved = np.zeros_like(image)
        rows, columns = (slice(max(0, by), SIDE + min(0, by)) for by in (down, right))
        from_rows, from_columns = (slice(max(0, -by), SIDE + min(0, -by)) for by in (down, right))
        moved[rows, columns] = image[from_rows, from_columns]
        image[...] = moved


def gradients_of(batch: Batch, network: Network, views: tuple[Parameters, Parameters], workspace: Workspace) -> None:
    """Write the batch's loss to the workspace, and its gradients to the second of the views."""
    kept = batch.kept if network.rate else None
    given = batch.images, batch.labels, kept, network.rate, views[0], network.geometries
    find_gradients(*given, workspace, views[1])


def _first(network: str, plan: Plan) -> Result:
    numbers = initial_numbers(NETWORKS[network], plan.seed)
    return Result(network, plan, (), numbers, np.zeros_like(numbers), np.zeros_like(numbers), numbers)


def _continued(result: Result, network: str, plan: Plan) -> Result:
    if result.network != network:
        raise InvalidArgument("result", f"one of the network {network}", f"one of {result.network}")
    if result.plan._replace(epochs=plan.epochs) != plan:
        raise InvalidArgument("result", f"one of the same plan but for the epochs, {plan}", str(result.plan))
    return result._replace(plan=plan)
