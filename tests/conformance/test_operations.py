"""Every function of the reference is checked, or is known not to be an operation."""

from __future__ import annotations

import inspect

import reference
from conformance.checking import check_names
from conformance.operations import operations

#: What the reference offers to teachers, which no library is expected to have.
HELPERS = {"backpropagation_by_graph", "flatten", "fold_label", "fold_threshold", "reshape", "shape"}


def test_no_operation_is_forgotten() -> None:
    functions = {name for name, value in vars(reference).items() if inspect.isfunction(value)}
    assert functions - HELPERS == set(operations())


def test_every_operation_has_every_kind_of_check_that_fits() -> None:
    for name in operations():
        kinds = {check.partition(":")[0] for check in check_names(name)}
        assert {"lattice probes", "rounding bound", "laws", "special values", "bad input", "manners"} <= kinds, name
        assert ("gradients" in kinds) == (name.endswith("_vjp") or name == "backpropagation"), name


def test_every_slides_algorithm_has_a_worked_example() -> None:
    exemplified = {name for name in operations() if any(c.startswith("worked") for c in check_names(name))}
    assert {"perceptron_sgd", "perceptron_predict", "forward_pass", "conv2d", "max_pool2d"} <= exemplified
