"""How to train: for how long, with which rates, and on what."""

from __future__ import annotations

from typing import NamedTuple

from reference.errors import InvalidArgument, is_integer, require_number, require_positive_integer


class Plan(NamedTuple):
    """Everything that decides about a run but the network and the examples.

    Args:
        epochs: how many times each example is looked at, at most.
        batch_size: how many of them a step looks at.
        learning_rate: Adam's rate η in the first epoch.
        decay_rate: what the rate is multiplied with after each epoch, little by little: η·r^(t/T).
        patience: after how many epochs without a lower validation loss training stops; 0: never.
        validation: how many of the training examples, the last ones, are kept apart to see that.
        shift: by how many pixels at most images are moved at random, in both directions; 0: not.
        seed: decides the first weights, the order of the examples, the shifts and what dropout drops.
    """

    epochs: int = 10
    batch_size: int = 100
    learning_rate: float = 0.002
    decay_rate: float = 0.8
    patience: int = 0
    validation: int = 5000
    shift: int = 0
    seed: int = 0


def require_plan(plan: Plan, examples: int) -> Plan:
    """Check a plan for so many training examples."""
    for name in ("epochs", "batch_size", "validation"):
        require_positive_integer(name, getattr(plan, name))
    for name in ("patience", "shift", "seed"):
        value = getattr(plan, name)
        if not is_integer(value) or value < 0:
            raise InvalidArgument(name, "a whole number of at least 0", repr(value))
    require_number("learning_rate", plan.learning_rate, 0)
    require_number("decay_rate", plan.decay_rate, 0)
    if plan.shift >= 14:
        raise InvalidArgument("shift", "less than half an image's 28 pixels", repr(plan.shift))
    if plan.validation + plan.batch_size > examples:
        raise InvalidArgument(
            "validation",
            f"{plan.validation} and a batch of {plan.batch_size} among the examples",
            f"{examples} of them",
        )
    return plan
