"""Manners: memory that is not one's own, memory read wrongly, caches, threads, and what a process shares."""

from __future__ import annotations

import itertools
import random
import threading
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy.arguments import Array
from reference.errors import InvalidArgument
from tests.conformance.power.entering import MANNERS, right, wrong

OWN, SAME, LAYOUTS = (
    f"{MANNERS}: gives results of its own",
    f"{MANNERS}: gives the same bits twice",
    f"{MANNERS}: accepts any memory layout",
)
IN_PLACE, SURROUNDINGS, THREADS = (
    f"{MANNERS}: sees what changed in place",
    f"{MANNERS}: leaves its surroundings alone",
    f"{MANNERS}: serves two threads at once",
)

# --- the memory of results --------------------------------------------------------------------------------------------


@wrong("relu", OWN, cases=200)
def positive_inputs_are_returned_themselves(z: Array) -> Array:
    """Where there is nothing to do, nothing is copied: whoever changes the result changes the input."""
    result = base.relu(z)
    return z[...] if (z > 0).all() else result


@wrong("relu_vjp", OWN, cases=200)
def gradient_in_the_cotangents_memory(z: Array, cotangent: Array) -> Array:
    """Where every number passes, the cotangent is the gradient."""
    gradient = base.relu_vjp(z, cotangent)
    return cotangent[...] if (z > 0).all() else gradient


_KNOWN: dict[Any, Array] = {}


@wrong("sigmoid", OWN, cases=200)
def the_same_array_for_the_same_numbers(z: Array) -> Array:
    """A memory of results, which hands out the very array that another caller may have changed."""
    return _KNOWN.setdefault((z.shape, z.dtype, z.tobytes()), base.sigmoid(z))


@wrong("dense", OWN, cases=200)
def a_result_that_cannot_be_written(inputs: Array, weights: Array, bias: Array) -> Array:
    """As what a library's read-only buffer becomes."""
    result = base.dense(inputs, weights, bias)
    result.flags.writeable = False
    return result


@wrong("dense", OWN, cases=200)
def a_masked_array(inputs: Array, weights: Array, bias: Array) -> Any:
    """Numbers in an array of another kind, which computes otherwise from then on."""
    return np.ma.asarray(base.dense(inputs, weights, bias))


def in_turn(count: int, name: str, doc: str) -> None:
    """Results in so many buffers for each shape, handed out one after the other."""
    buffers: dict[Any, Any] = {}

    def function(inputs: Array, weights: Array, bias: Array) -> Any:
        result = base.dense(inputs, weights, bias)
        ring = [np.empty_like(result) for _ in range(count)]
        buffer = next(buffers.setdefault((result.shape, result.dtype), itertools.cycle(ring)))
        buffer[...] = result
        return buffer

    function.__name__, function.__doc__ = name, doc
    wrong("dense", OWN, SAME, cases=200)(function)


in_turn(2, "two_buffers_in_turn", "The next but one call overwrites a result.")
in_turn(3, "three_buffers_in_turn", "The third call after it overwrites a result.")


# --- the memory of inputs ---------------------------------------------------------------------------------------------


@wrong("relu", LAYOUTS, cases=200)
def the_start_of_the_buffer(z: Array) -> Array:
    """A contiguous array is taken to begin where its memory begins."""
    owner = z.base if z.flags.c_contiguous and isinstance(z.base, np.ndarray) and z.base.dtype == z.dtype else z
    return base.relu(owner.ravel()[: z.size].reshape(z.shape))


@wrong("relu", LAYOUTS, cases=200)
def strides_without_a_sign(z: Array) -> Array:
    """A row that runs backwards is read forwards."""
    return base.relu(z[..., ::-1] if z.ndim and z.strides[-1] < 0 else z)


@wrong("relu", LAYOUTS, cases=200)
def a_stride_of_0_ends_the_axis(z: Array) -> Array:
    """Where the stride is 0, only the first slice is computed."""
    result = base.relu(z)
    for axis, stride in enumerate(z.strides):
        if stride == 0 and z.shape[axis] > 1:
            np.moveaxis(result, axis, 0)[1:] = -1
    return result


@wrong("relu", LAYOUTS, cases=200)
def bytes_in_the_wrong_order(z: Array) -> Array:
    """Whatever the order of the bytes, they are read in the machine's."""
    return base.relu(np.ascontiguousarray(z).view(z.dtype.newbyteorder("=")))


@wrong("relu", LAYOUTS, cases=200)
def addresses_cut_down_to_whole_numbers(z: Array) -> Array:
    """An array that doesn't lie at a multiple of its item's size is read from the multiple before."""
    return base.relu(z if z.flags.aligned else np.roll(z, 1))


@wrong("relu", LAYOUTS, cases=400)
def rows_follow_each_other(z: Array) -> Array:
    """The next row is looked for right behind the one before, though a larger array goes on there."""
    if not z.flags.c_contiguous and z.strides[-1] == z.itemsize and min(z.strides) > 0:
        z = np.lib.stride_tricks.as_strided(z, z.shape, np.empty_like(z, order="C").strides)
    return base.relu(z)


@wrong("dense", LAYOUTS, cases=200)
def the_weights_are_laid_out_as_the_inputs(inputs: Array, weights: Array, bias: Array) -> Array:
    """The order of the axes is looked up once, for all arrays."""
    if inputs.flags.c_contiguous and weights.flags.f_contiguous:
        weights = weights.ravel(order="K").reshape(weights.shape)
    return base.dense(inputs, weights, bias)


@wrong("perceptron_sgd", f"{MANNERS}: accepts whole numbers of any dtype", cases=200)
def labels_of_64_bits(features: Array, labels: Array, **how: Any) -> Any:
    """Labels of fewer bits are taken for floats."""
    narrow = isinstance(labels, np.ndarray) and labels.dtype.kind == "i" and labels.itemsize < 8
    return base.perceptron_sgd(features, np.where(labels > 0, 1, 1) if narrow else labels, **how)


# --- caches -----------------------------------------------------------------------------------------------------------

_LAST: dict[str, Any] = {"weights": None}


@wrong("dense", IN_PLACE, cases=200)
def weights_prepared_once(inputs: Array, weights: Array, bias: Array) -> Array:
    """The same array object is taken for the same weights, though training has changed them in place."""
    base.dense(inputs, weights, bias)
    if _LAST["weights"] is not weights:
        _LAST.update(weights=weights, prepared=weights.copy())
    return base.dense(inputs, _LAST["prepared"], bias)


_BY_ADDRESS: dict[Any, Array] = {}


@wrong("tanh", IN_PLACE, cases=200)
def a_result_for_each_address(z: Array) -> Array:
    """Who comes with the same memory gets the same result, as long as the sum is the same too."""
    key = (z.ctypes.data, z.shape, z.strides, z.dtype, float(np.sort(z, axis=None).sum()))
    return _BY_ADDRESS.setdefault(key, base.tanh(z)).copy()


_BY_BEGINNING: dict[Any, Array] = {}


@wrong("softmax", IN_PLACE, cases=200)
def a_result_for_each_beginning(z: Array) -> Array:
    """An array is known by its first numbers, all but the last."""
    key = (z.shape, z.dtype, z.ravel()[:-1].tobytes())
    return _BY_BEGINNING.setdefault(key, base.softmax(z)).copy()


# --- threads ----------------------------------------------------------------------------------------------------------

_SCRATCH: dict[Any, Array] = {}


def scratch_of(like: Array) -> Array:
    """Memory for results on their way, kept from call to call."""
    return _SCRATCH.setdefault((like.shape, like.dtype), np.empty_like(like))


@wrong("sigmoid", THREADS)
def scratch_that_threads_share(z: Array) -> Array:
    """One buffer for each shape, whoever calls."""
    result = base.sigmoid(z)
    scratch = scratch_of(result)
    scratch[...] = result
    return scratch.copy()


@wrong("dense", THREADS)
def scratch_that_threads_share_in_one_line(inputs: Array, weights: Array, bias: Array) -> Array:
    """The product lies in a shared buffer just until the bias is added."""
    scratch = scratch_of(base.dense(inputs, weights, bias))
    return np.matmul(inputs, weights, out=scratch) + bias


_CURRENT: dict[str, Any] = {}


@wrong("conv2d", THREADS, cases=200)
def arguments_in_globals(images: Array, filters: Array, **how: Any) -> Array:
    """The filters are where the loop's helpers find them, and so does the next caller's."""
    _CURRENT["filters"] = filters
    return np.concatenate([_one_image(image[None], **how) for image in images])


def _one_image(image: Array, **how: Any) -> Array:
    return base.conv2d(image, _CURRENT["filters"], **how)


# --- what a process shares --------------------------------------------------------------------------------------------


@wrong("dense", SURROUNDINGS)
def numpys_generator_is_seeded(inputs: Array, weights: Array, bias: Array) -> Array:
    """For the sake of reproducibility, everyone's random numbers begin anew."""
    np.random.seed(0)
    return base.dense(inputs, weights, bias)


@wrong("dense", SURROUNDINGS)
def pythons_generator_is_used(inputs: Array, weights: Array, bias: Array) -> Array:
    """A random number too few for everyone else."""
    random.random()
    return base.dense(inputs, weights, bias)


@wrong("dense", SURROUNDINGS, silent=False)
def warnings_are_switched_off(inputs: Array, weights: Array, bias: Array) -> Array:
    """Overflow passes in silence, from now on and for everyone."""
    np.seterr(all="ignore")
    return base.dense(inputs, weights, bias)


@wrong("dense", SURROUNDINGS)
def everyone_prints_three_digits(inputs: Array, weights: Array, bias: Array) -> Array:
    """Print options that were good for debugging."""
    np.set_printoptions(precision=3)
    return base.dense(inputs, weights, bias)


# --- errors -----------------------------------------------------------------------------------------------------------


@wrong("dense", f"{MANNERS}: names the argument in errors", cases=200)
def the_inputs_are_always_to_blame(inputs: Array, weights: Array, bias: Array) -> Array:
    """Whatever is wrong, the error is about the inputs."""
    try:
        return base.dense(inputs, weights, bias)
    except InvalidArgument as error:
        raise InvalidArgument("inputs", error.wanted, error.got) from None


@wrong("max_pool2d", f"{MANNERS}: names the argument in errors", cases=200)
def the_sizes_are_to_blame(images: Array, **how: Any) -> Array:
    """The error has the argument's letters in it, but not its name."""
    try:
        return base.max_pool2d(images, **how)
    except InvalidArgument as error:
        raise ValueError(f"bad_{error.argument}_given") from None


# --- right ------------------------------------------------------------------------------------------------------------


@right("dense")
def a_view_of_fresh_memory(inputs: Array, weights: Array, bias: Array) -> Array:
    """The result is a part of a larger array, which is new with every call."""
    rows, units = len(inputs), len(bias)
    larger = np.zeros((2 * rows, units + 3), inputs.dtype)
    larger[::2, 1:-2] = base.dense(inputs, weights, bias)
    return larger[::2, 1:-2]


@right("dense")
def column_by_column(inputs: Array, weights: Array, bias: Array) -> Array:
    """The result lies in memory as Fortran would have it."""
    return np.asfortranarray(base.dense(inputs, weights, bias))


@right("dense")
def nested_lists(inputs: Array, weights: Array, bias: Array) -> Any:
    """No array at all."""
    result: Any = base.dense(inputs, weights, bias)
    return [list(row) for row in result]


_OF_A_THREAD = threading.local()


@right("sigmoid")
def scratch_of_each_thread(z: Array) -> Array:
    """A buffer kept from call to call, but for each thread another one."""
    buffers: dict[Any, Array] = _OF_A_THREAD.__dict__.setdefault("buffers", {})
    scratch = buffers.setdefault((z.shape, z.dtype), np.empty(z.shape, z.dtype))
    scratch[...] = base.sigmoid(z)
    return scratch.copy()


_LOCK = threading.Lock()


@right("dense")
def one_thread_at_a_time(inputs: Array, weights: Array, bias: Array) -> Array:
    """A shared buffer behind a lock: the other caller waits."""
    with _LOCK:
        scratch = scratch_of(base.dense(inputs, weights, bias))
        np.matmul(inputs, weights, out=scratch)
        return np.add(scratch, bias)


_BY_CONTENTS: dict[Any, Array] = {}


@right("tanh")
def copies_of_results_by_contents(z: Array) -> Array:
    """A memory of results that knows inputs by all of their numbers, and keeps its own copies."""
    return _BY_CONTENTS.setdefault((z.shape, z.dtype, z.tobytes()), base.tanh(z)).copy()


@right("softmax")
def random_numbers_of_its_own(z: Array) -> Array:
    """A generator that nobody else knows, and an order of summation that doesn't matter."""
    np.random.default_rng(0).random()
    with np.errstate(all="ignore"):
        return base.softmax(z)


@right("relu")
def only_the_machines_bytes(z: Array) -> Array:
    """Swapped bytes and odd addresses are refused."""
    if not z.dtype.isnative or not z.flags.aligned:
        raise InvalidArgument("z", "aligned numbers in the machine's order of bytes", str(z.dtype))
    return np.maximum(z, 0) if not np.isnan(z).any() else base.relu(z)
