"""Nothing is forgotten: every function of the reference stands on every floor, in the room of the same name."""

from __future__ import annotations

import importlib
import inspect

import pytest

import reference
from conformance.checks import KINDS, check_names
from conformance.declarations import case
from conformance.implementation import load
from conformance.operations import _operation, operations
from conformance.spaces import Space

#: What the reference offers to teachers, and why no library is expected to have it.
HELPERS = {
    **dict.fromkeys(
        (
            "count_hidden_layers",
            "expand_architecture",
            "layer_shapes",
            "layer_table",
            "parse_architecture",
            "weight_shapes",
        ),
        "reads a text in a notation of this house: no arrays, nothing rounded, and no library has a counterpart",
    ),
    **dict.fromkeys(
        ("count_cells", "fit_step_network", "step_network", "step_units_needed"),
        "shows a theorem with a function or a count as its argument; no library has a counterpart",
    ),
    **dict.fromkeys(
        ("epoch_batches", "loss_landscape", "random_parameters", "steps_per_epoch", "training_loop"),
        "shows how training goes, with `backpropagation`; picking batches is every library's own habit",
    ),
    "add_gradients": "adds to a graph; what its gradients are is asked of libraries as graph_gradients",
    "batch_gradients": "returns a function, which shows what optimizers are for",
    **dict.fromkeys(
        ("backpropagation_by_graph", "convolutional_backpropagation_by_graph"),
        "another way to the same gradients, which the suite itself uses",
    ),
    "draw_mask": "a step before dropout; which numbers a seed gives is each library's own affair",
    "fold_label": "a step of perceptron_sgd, shown on a slide of its own",
    "fold_threshold": "a step of perceptron_sgd, shown on a slide of its own",
    **dict.fromkeys(
        ("crossing", "partition", "place"),
        "decides where the operations of a graph run, which is each library's own affair",
    ),
    **dict.fromkeys(
        ("common_subexpressions_merged", "constants_folded", "dead_nodes_dropped", "optimized"),
        "rewrites a graph; `tests/reference/test_optimization.py` holds it to the graph that it was",
    ),
    **dict.fromkeys(("graph_dot", "graph_page", "graph_svg"), "draws a graph, for people"),
    "reshape": "reshapes nested lists",
    "shape": "looks at nested lists",
    "trajectory": "a loop over the steps of an optimizer, which is an argument",
}
FLOORS = ("fast.cpu", "fast.cuda", "numpy", "tensorflow")


def public_functions() -> dict[str, str]:
    """Every function that `from reference import *` gives, and the room it comes from."""
    found = {name: value for name, value in vars(reference).items() if inspect.isfunction(value)}
    return {name: value.__module__.rpartition(".")[2] for name, value in found.items()}


def test_every_function_of_the_reference_is_an_operation_or_listed_with_a_reason() -> None:
    assert set(public_functions()) - set(HELPERS) == set(operations())
    assert set(HELPERS) <= set(public_functions())


def test_every_operation_has_its_cases_in_the_room_of_its_reference() -> None:
    rooms = public_functions()
    assert {name: operation.room for name, operation in operations().items()} == {
        name: rooms[name] for name in operations()
    }


@pytest.mark.parametrize("floor", FLOORS)
def test_every_operation_stands_on_every_floor_or_is_listed_with_a_reason(floor: str) -> None:
    loaded = load(floor)
    package = loaded.module.__name__
    for name, operation in operations().items():
        if name in loaded.not_provided:
            assert loaded.function(name) is None, f"{floor} has {name}, and says that it doesn't"
            continue
        room = importlib.import_module(f"{package}.{operation.room}")
        assert loaded.function(name) is not None, f"{floor} has no {name}"
        assert getattr(room, name) is loaded.function(name), f"{floor}: {name} isn't in {operation.room}"


def test_every_operation_has_every_kind_of_check_that_fits() -> None:
    for name, operation in operations().items():
        kinds = {check.partition(":")[0] for check in check_names(operation)}
        optional = {"worked examples", *(() if operation.forward or operation.by_graph else ["gradients"])}
        assert set(KINDS) - optional <= kinds, name


def test_every_vector_jacobian_product_has_a_forward_function() -> None:
    assert {name for name in operations() if name.endswith("_vjp")} == {
        name for name, operation in operations().items() if operation.forward
    }


def test_every_slides_algorithm_has_a_worked_example() -> None:
    exemplified = {n for n, o in operations().items() if any(c.startswith("worked") for c in check_names(o))}
    assert {"perceptron_sgd", "perceptron_predict", "forward_pass", "conv2d", "max_pool2d"} <= exemplified


def test_a_case_of_what_the_reference_does_not_have_is_refused_by_name() -> None:
    def conv9d(draw: object, c: object) -> dict[str, object]:
        return {}

    with pytest.raises(NameError, match=r"conformance/cases/convolution\.py: conv9d is declared as a case"):
        _operation(case(Space(sizes={}))(conv9d), "convolution")


def test_a_helper_is_no_operation_whatever_its_name() -> None:
    # `reference.shape` exists; a function of that name in a room of cases is a helper until it is declared.
    module = importlib.import_module("conformance.cases.activations")
    module.shape = lambda draw: {}
    try:
        operations.cache_clear()
        assert "shape" not in operations()
    finally:
        del module.shape
        operations.cache_clear()
        operations()


def test_data_is_handed_over_in_the_functions_order_in_whatever_order_it_is_given() -> None:
    operation = operations()["convolutional_layer_vjp"]
    arguments = dict.fromkeys(reversed(operation.parameters), 1)
    data, hyperparameters = operation.split(arguments)
    assert list(data) == ["images", "filters", "bias", "cotangent"]
    assert {**data, **hyperparameters} == arguments
    with pytest.raises(ValueError, match="not in tuple"):
        operation.split({"image": 1})


def test_every_law_says_why() -> None:
    for operation in operations().values():
        for name, law in operation.laws.items():
            assert law.__doc__, name
