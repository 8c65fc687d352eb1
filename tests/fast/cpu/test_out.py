"""`out`, of every operation: the same bits in the caller's arrays, wherever they lie, and nothing allocated anew."""

import itertools
import sys
import tracemalloc

import numpy as np
import pytest

import fast.cpu as cpu
from conformance.arrays import arrays_in, map_arrays
from fast.results import AdamStep
from reference.errors import InvalidArgument
from tests.fast.drawn import arrays, bits, drawn_calls, functions_of, read_only, spread_out

DTYPES = [np.float32, np.float64]
OPERATIONS = functions_of(cpu)
#: Calls of each operation.
CALLS = 6


class Special(np.ndarray):
    """Arrays of a class that Numba doesn't know."""


def spoilt(array):
    """An array of the same form, in which no number is right."""
    return np.full_like(array, np.nan if array.dtype.kind == "f" else -77)


def unaligned(array):
    """An array of the same form, one byte beside where the processor wants it."""
    return np.ndarray(array.shape, array.dtype, np.zeros(array.nbytes + 8, np.uint8), 1)


def with_array(value, place, array):
    """The same, but for the array in one of the places that `arrays` counts."""
    count = itertools.count()
    return map_arrays(lambda own: array if next(count) == place else own, value)


def check(call, out, expected):
    """A call writes what is expected to the arrays in `out`, and returns these."""
    result = call.run(out=out)
    assert bits(result) == expected
    assert all(one is other for one, other in zip(arrays_in(result), arrays_in(out), strict=True))


def type_of(result):
    """The types of the tuples that a result consists of."""
    return (type(result), *map(type_of, result)) if isinstance(result, tuple) else type(result)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPERATIONS)
def test_out_is_written_and_returned(dtype, name):
    for call in drawn_calls(cpu, name, dtype, CALLS):
        result = call.run()
        expected, before = bits(result), bits(tuple(call.arguments.values()))
        for change in (spoilt, unaligned, lambda array: spoilt(array).view(Special)):
            check(call, map_arrays(change, result), expected)
        for array in arrays(result):
            array[...] = spoilt(array)
        check(call, result, expected)
        assert type_of(call.run(out=map_arrays(spoilt, result))) == type_of(result)
        assert bits(tuple(call.arguments.values())) == before


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPERATIONS)
def test_out_may_overlap_any_input(dtype, name):
    """In one place with it, beside it by a number, before and behind."""
    for call in drawn_calls(cpu, name, dtype, CALLS):
        result, given = call.run(), arrays(tuple(call.arguments.values()))
        for (place, array), (target, leaf) in itertools.product(enumerate(given), enumerate(arrays(result))):
            unit, memory = max(array.itemsize, leaf.itemsize), np.zeros(array.nbytes + leaf.nbytes + 64, np.uint8)
            own = np.ndarray(array.shape, array.dtype, memory, unit)
            for start in (0, unit, 2 * unit):
                own[...] = array
                out = with_array(result, target, np.ndarray(leaf.shape, leaf.dtype, memory, start))
                changed = type(call)(call.operation, call.function, with_array(call.arguments, place, own))
                check(changed, out, bits(result))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPERATIONS)
def test_results_may_take_the_places_of_inputs(dtype, name):
    """All results at once, each in the place of an input of its form: of the first one, of the next, and so on."""
    for call in drawn_calls(cpu, name, dtype, CALLS):
        result, count = call.run(), len(arrays(tuple(call.arguments.values())))
        for shift in range(count):
            changed = call.rearranged(np.copy)
            free = arrays(tuple(changed.arguments.values()))
            free = free[shift:] + free[:shift]
            out = map_arrays(lambda leaf, free=free: taken(free, leaf), result)
            check(changed, out, bits(result))


def taken(free, leaf):
    """The first array of a list that has the form of another one, which leaves the list; or a new array."""
    for place, array in enumerate(free):
        if isinstance(array, np.ndarray) and (array.shape, array.dtype) == (leaf.shape, leaf.dtype):
            return free.pop(place)
    return np.empty_like(leaf)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_out_that_does_not_fit_is_named(name):
    for call in drawn_calls(cpu, name, np.float32, CALLS):
        result = call.run()
        leaves = arrays(result)
        wrong = [with_array(result, place, other) for place, leaf in enumerate(leaves) for other in misfits(leaf)]
        wrong += [[result], object(), (result,)]
        if isinstance(result, tuple):
            wrong += [result[:-1], (*result, leaves[-1]), list(result), (None, *result[1:])]
        for (one, leaf), (other, array) in itertools.combinations(enumerate(leaves), 2):
            if (leaf.shape, leaf.dtype) == (array.shape, array.dtype):
                wrong.append(with_array(with_array(result, one, leaf), other, leaf))
        for out in wrong:
            with pytest.raises(InvalidArgument) as error:
                call.run(out=out)
            assert error.value.argument.split("[")[0] == "out"


def misfits(leaf):
    """What can't be written to instead of an array."""
    other = np.int32 if leaf.dtype != np.int32 else np.float32
    scattered = [spread_out(leaf)] if leaf.size > 1 else []
    dtypes = (other, leaf.dtype.newbyteorder())
    return [leaf[None], *(np.zeros(leaf.shape, dtype) for dtype in dtypes), read_only(leaf), *scattered]


def most_in_arrays(function, *arguments):
    """The most bytes that are in new arrays at any time during a call; what kernels allocate themselves isn't seen."""
    most = 0

    def look(*event):
        nonlocal most
        traces = tracemalloc.take_snapshot().traces
        most = max(most, sum(trace.size for trace in traces if trace.domain == np.lib.tracemalloc_domain))

    tracemalloc.start()
    sys.setprofile(look)
    try:
        function(*arguments)
    finally:
        sys.setprofile(None)
        tracemalloc.stop()
    return most


def test_a_step_of_training_allocates_no_array_after_the_first():
    """A dense layer, relu, another one and its loss, back again, and adam in place of what it is given."""
    rng = np.random.default_rng(0)
    # NumPy keeps arrays of less than 1 KB for the next time, and then doesn't tell.
    size, features = 200, 7
    inputs, labels = rng.standard_normal((size, features)), np.eye(size)
    parameters = [rng.standard_normal(shape) for shape in ((features, size), (size,), (size, size), (size,))]
    state = [AdamStep(array, np.zeros_like(array), np.zeros_like(array)) for array in parameters]
    results = dict.fromkeys(("sums", "outputs", "logits", "losses", "loss", "of_losses", "of_logits", "outer"))
    results |= dict.fromkeys(("of_sums", "inner"))
    one = np.ones(())

    def step(number):
        def keep(name, function, *arguments):
            results[name] = function(*arguments, out=results[name])
            return results[name]

        sums = keep("sums", cpu.dense, inputs, *parameters[:2])
        outputs = keep("outputs", cpu.relu, sums)
        logits = keep("logits", cpu.dense, outputs, *parameters[2:])
        losses = keep("losses", cpu.softmax_cross_entropy_with_logits, logits, labels)
        keep("loss", cpu.empirical_loss, losses)
        of_losses = keep("of_losses", cpu.empirical_loss_vjp, losses, one)
        of_logits = keep("of_logits", cpu.softmax_cross_entropy_with_logits_vjp, logits, labels, of_losses)
        outer = keep("outer", cpu.dense_vjp, outputs, *parameters[2:], of_logits)
        of_sums = keep("of_sums", cpu.relu_vjp, sums, outer.inputs)
        inner = keep("inner", cpu.dense_vjp, inputs, *parameters[:2], of_sums)
        for own, gradients in zip(state, (*inner[1:], *outer[1:]), strict=True):
            cpu.adam(own.parameters, gradients, *own[1:], step=number, out=own)

    step(1)
    before = float(results["loss"])
    assert most_in_arrays(step, 2) == 0
    assert results["loss"] < before
    # It would be seen.
    assert most_in_arrays(cpu.relu, results["sums"]) == results["sums"].nbytes
