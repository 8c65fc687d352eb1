"""Wrong implementations: the NumPy one with one mistake each, and the checks that must catch it.

The mistakes are those that get made: in reading a convention, in a gradient, in an index at the end of a tile, in the
precision of an accumulator, in the care for special values, in manners.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from conformance.implementations import numpy as base
from conformance.implementations.numpy import Array
from reference.errors import InvalidArgument

FLOAT32, FLOAT64 = ("float32",), ("float64",)
BOTH = FLOAT32 + FLOAT64


@dataclass(frozen=True)
class WrongImplementation:
    """A function in place of one operation, the beginnings of the names of the checks that must catch it, and where."""

    operation: str
    function: Callable[..., Any]
    caught_by: tuple[str, ...]
    dtypes: tuple[str, ...]
    cases: int

    @property
    def name(self) -> str:
        return self.function.__name__


WRONG_IMPLEMENTATIONS: list[WrongImplementation] = []

LATTICE, BOUND, LAWS, GRADIENTS = "lattice probes", "rounding bound", "laws", "gradients"
SPECIAL, BAD_INPUT, MANNERS, WORKED = "special values", "bad input", "manners", "worked examples"


def wrong(
    operation: str, *caught_by: str, dtypes: tuple[str, ...] = FLOAT32, cases: int = 50
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a wrong implementation of an operation, with the kinds of checks (or single checks) that must catch it.

    The number of cases is itself a measure of power: a mistake that only few shapes betray needs many.
    """

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        silent = np.errstate(all="ignore")(function)
        WRONG_IMPLEMENTATIONS.append(WrongImplementation(operation, silent, caught_by, dtypes, cases))
        return silent

    return enter


# --- convolution: conventions -----------------------------------------------------------------------------------------


@wrong("conv2d", WORKED, LATTICE, BOUND, LAWS, cases=200)
def flipped_kernel(images: Array, filters: Array, **how: Any) -> Array:
    """A true convolution, where everyone means cross-correlation."""
    return base.conv2d(images, filters[::-1, ::-1], **how)


@wrong("conv2d", WORKED, LATTICE, cases=800)
def transposed_kernel(images: Array, filters: Array, **how: Any) -> Array:
    """Rows and columns of square kernels are swapped."""
    square = filters.shape[0] == filters.shape[1]
    return base.conv2d(images, filters.transpose(1, 0, 2, 3) if square else filters, **how)


@wrong("conv2d", LATTICE, BOUND, cases=200)
def swapped_strides(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """(rows, columns) is read as (columns, rows)."""
    return base.conv2d(
        images, filters, strides=strides[::-1] if isinstance(strides, tuple) else strides, padding=padding
    )


@wrong("conv2d", LATTICE, BOUND, cases=200)
def column_stride_ignored(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """The first stride is used for columns too."""
    return base.conv2d(images, filters, strides=strides[0] if isinstance(strides, tuple) else strides, padding=padding)


def _conv2d_padded(
    images: Array, filters: Array, strides: Any, padding: str, pads: Callable[[int], tuple[int, int]]
) -> Array:
    """`conv2d` with another way to split the missing rows and columns of "same" into before and after."""
    where = base.require_convolution(images, filters, strides, padding)
    padded = np.pad(images, ((0, 0), *(pads(sum(both)) for both in where.padding), (0, 0)))
    rows, columns = where.outputs
    return base.conv2d(padded, filters, strides=strides)[:, :rows, :columns]


@wrong("conv2d", LATTICE, BOUND, cases=200)
def same_padding_on_the_wrong_side(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """The odd cell of "same" comes before the image."""
    return _conv2d_padded(images, filters, strides, padding, lambda missing: (missing - missing // 2, missing // 2))


@wrong("conv2d", LATTICE, BOUND, cases=200)
def same_padding_all_behind(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """ "same" pads only behind the image."""
    return _conv2d_padded(images, filters, strides, padding, lambda missing: (0, missing))


@wrong("conv2d", LATTICE, BOUND, cases=200)
def same_padding_is_symmetric(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """ "same" pads half a kernel on either side, whatever the strides."""
    where = base.require_convolution(images, filters, strides, padding)
    if padding == "valid":
        return base.conv2d(images, filters, strides=strides)
    halves = [(size // 2, size // 2) for size in filters.shape[:2]]
    rows, columns = where.outputs
    return base.conv2d(np.pad(images, ((0, 0), *halves, (0, 0))), filters, strides=strides)[:, :rows, :columns]


@wrong("conv2d", LATTICE, BOUND, cases=200)
def same_padding_repeats_the_edge(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """ "same" pads with the nearest pixel instead of zero."""
    where = base.require_convolution(images, filters, strides, padding)
    return base.conv2d(np.pad(images, ((0, 0), *where.padding, (0, 0)), mode="edge"), filters, strides=strides)


# --- convolution: indices ---------------------------------------------------------------------------------------------


@wrong("conv2d", WORKED, LATTICE, BOUND, cases=200)
def last_kernel_row_dropped(images: Array, filters: Array, **how: Any) -> Array:
    """The loop over kernel rows ends one too early."""
    kept = filters.copy()
    kept[-1] = 0
    return base.conv2d(images, kept, **how)


@wrong("conv2d", LATTICE, BOUND, cases=200)
def channels_mixed_up(images: Array, filters: Array, **how: Any) -> Array:
    """An image's channels meet the filter's in reverse."""
    return base.conv2d(images[..., ::-1], filters, **how)


@wrong("conv2d", LATTICE, BOUND, cases=200)
def only_the_first_channel(images: Array, filters: Array, **how: Any) -> Array:
    """Channels are not summed over."""
    return base.conv2d(images[..., :1], filters[:, :, :1], **how)


@wrong("conv2d", LATTICE, BOUND, cases=200)
def one_image_for_the_whole_batch(images: Array, filters: Array, **how: Any) -> Array:
    """Every example gets the first image's result."""
    return np.repeat(base.conv2d(images, filters, **how)[:1], len(images), axis=0)


@wrong("conv2d", LATTICE, cases=800)
def filters_beyond_a_vector_repeat_the_first(images: Array, filters: Array, **how: Any) -> Array:
    """From the ninth filter on, as many as a vector has lanes are confused with the first ones."""
    return base.conv2d(images, filters[..., np.arange(filters.shape[3]) % 8], **how)


# --- convolution: gradients -------------------------------------------------------------------------------------------


@wrong("conv2d_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def filters_gradient_flipped(images: Array, filters: Array, cotangent: Array, **how: Any) -> Any:
    """The filters' gradient comes out turned by half a turn."""
    gradients = base.conv2d_vjp(images, filters, cotangent, **how)
    return gradients._replace(filters=gradients.filters[::-1, ::-1])


@wrong("conv2d_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def images_gradient_with_flipped_filters(images: Array, filters: Array, cotangent: Array, **how: Any) -> Any:
    """The images' gradient uses the kernel where it needs the flipped one."""
    gradients = base.conv2d_vjp(images, filters[::-1, ::-1], cotangent, **how)
    return gradients._replace(filters=base.conv2d_vjp(images, filters, cotangent, **how).filters)


@wrong("conv2d_vjp", LATTICE, BOUND, cases=200)
def overlapping_windows_overwrite(
    images: Array, filters: Array, cotangent: Array, *, strides: Any = 1, padding: str = "valid"
) -> Any:
    """Where windows overlap, the last one's gradient is kept instead of the sum."""
    where = base.require_convolution(images, filters, strides, padding)
    gradient = np.zeros_like(base.pad(images, where, 0))
    for cell in np.ndindex(*filters.shape[:2]):
        gradient[base.reached(cell, where)] = cotangent @ filters[cell].T
    right = base.conv2d_vjp(images, filters, cotangent, strides=strides, padding=padding)
    return right._replace(images=base.crop(gradient, where))


@wrong("conv2d_vjp", LATTICE, BOUND)
def filters_gradient_is_a_mean(images: Array, filters: Array, cotangent: Array, **how: Any) -> Any:
    """The filters' gradient is averaged over the batch."""
    gradients = base.conv2d_vjp(images, filters, cotangent, **how)
    return gradients._replace(filters=gradients.filters / len(images))


@wrong("conv2d_vjp", LATTICE, BOUND, cases=200)
def gradient_cropped_at_the_corner(
    images: Array, filters: Array, cotangent: Array, *, strides: Any = 1, padding: str = "valid"
) -> Any:
    """The border that "same" put around the images is taken off behind only."""
    where = base.require_convolution(images, filters, strides, padding)
    gradient = np.zeros_like(base.pad(images, where, 0))
    for cell in np.ndindex(*filters.shape[:2]):
        gradient[base.reached(cell, where)] += cotangent @ filters[cell].T
    right = base.conv2d_vjp(images, filters, cotangent, strides=strides, padding=padding)
    return right._replace(images=gradient[:, : images.shape[1], : images.shape[2]])


# --- pooling ----------------------------------------------------------------------------------------------------------


@wrong("max_pool2d", LATTICE, BOUND, cases=200)
def pooling_pads_with_zero(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """Padding wins over negative numbers."""
    where, size = base.require_pooling(images, pool_size, strides, padding)
    return base.window_view(base.pad(images, where, 0), size, where).max(axis=(4, 5))


@wrong("max_pool2d", f"{SPECIAL}: NaN", cases=200)
def pooling_swallows_nan(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """A window's NaN loses to any number, as in fmax."""
    where, size = base.require_pooling(images, pool_size, strides, padding)
    return np.fmax.reduce(base.window_view(base.pad(images, where, -np.inf), size, where), axis=(4, 5))


@wrong("max_pool2d", WORKED, LATTICE, BOUND, cases=200)
def pooling_takes_the_mean(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """Average pooling."""
    where, size = base.require_pooling(images, pool_size, strides, padding)
    return base.window_view(base.pad(images, where, 0), size, where).mean(axis=(4, 5))


@wrong("max_pool2d", LATTICE, cases=1600)
def pooling_steps_by_one(images: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> Array:
    """Windows overlap when no strides are given."""
    return base.max_pool2d(images, pool_size=pool_size, strides=strides or 1, padding=padding)


@wrong("max_pool2d", LATTICE, BOUND, cases=200)
def pooling_starts_from_zero(images: Array, **how: Any) -> Array:
    """The running maximum starts at 0, which beats windows of negative numbers."""
    return np.maximum(base.max_pool2d(images, **how), 0)


@wrong("max_pool2d", BOUND, SPECIAL, cases=200)
def pooling_starts_from_the_smallest_normal(images: Array, **how: Any) -> Array:
    """The running maximum starts at what C calls FLT_MIN, the smallest positive normal number."""
    return np.maximum(base.max_pool2d(images, **how), np.finfo(images.dtype).tiny)


@wrong("max_pool2d_vjp", LAWS, cases=200)
def every_tied_cell_gets_the_whole_gradient(
    images: Array, cotangent: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """Where cells tie, the gradient is handed out more than once."""
    where, size = base.require_pooling(images, pool_size, strides, padding)
    padded = base.pad(images, where, -np.inf)
    gradient = np.zeros_like(padded)
    largest = base.window_view(padded, size, where).max(axis=(4, 5))
    for cell in np.ndindex(*size):
        reached = base.reached(cell, where)
        gradient[reached] += np.where(padded[reached] == largest, cotangent, 0)
    return base.crop(gradient, where)


@wrong("max_pool2d_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def last_row_gets_no_gradient(images: Array, cotangent: Array, **how: Any) -> Array:
    """The loop over rows of the output ends one too early."""
    kept = cotangent.copy()
    kept[:, -1] = 0
    return base.max_pool2d_vjp(images, kept, **how)


@wrong("max_pool2d_vjp", LATTICE, BOUND)
def overlapping_pools_overwrite(
    images: Array, cotangent: Array, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid"
) -> Array:
    """A cell that wins several windows keeps only one window's gradient."""
    where, size = base.require_pooling(images, pool_size, strides, padding)
    padded = base.pad(images, where, -np.inf)
    gradient = np.zeros_like(padded)
    largest = base.window_view(padded, size, where).max(axis=(4, 5))
    for cell in np.ndindex(*size):
        reached = base.reached(cell, where)
        gradient[reached] = np.where(padded[reached] == largest, cotangent, gradient[reached])
    return base.crop(gradient, where)


# --- activations ------------------------------------------------------------------------------------------------------


@wrong("relu", f"{SPECIAL}: NaN", cases=200)
def relu_swallows_nan(z: Array) -> Array:
    """NaN becomes 0, as in fmax."""
    return np.fmax(z, 0)


@wrong("relu", f"{SPECIAL}: -infinity", cases=200)
def relu_multiplies_by_a_mask(z: Array) -> Array:
    """-∞ times a mask's 0 is NaN."""
    return z * (z > 0)


@wrong("relu", f"{SPECIAL}: largest finite", cases=200)
def relu_as_half_a_sum(z: Array) -> Array:
    """(z + |z|)/2 overflows where z is large."""
    return (z + np.abs(z)) / 2


@wrong("relu", WORKED, LATTICE, BOUND, LAWS)
def relu_leaks(z: Array) -> Array:
    """Negative numbers pass, a hundredth of them."""
    return np.where(z > 0, z, z / 100)


@wrong("relu_vjp", BOUND, GRADIENTS, cases=200)
def relu_slope_of_2_at_0(z: Array, cotangent: Array) -> Array:
    """The slope at 0 is outside [0, 1]: no subgradient."""
    return np.where(z > 0, cotangent, np.where(z == 0, 2 * cotangent, 0))


@wrong("relu_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def relu_gradient_masked_by_the_cotangent(z: Array, cotangent: Array) -> Array:
    """The mask is that of what comes in, not of the input."""
    return np.where(cotangent > 0, cotangent, 0)


@wrong("sigmoid", BOUND, dtypes=BOTH)
def sigmoid_clipped_at_8(z: Array) -> Array:
    """Inputs beyond ±8 are taken as ±8, to save the exponential from overflowing."""
    return base.sigmoid(np.clip(z, -8, 8))


@wrong("sigmoid", BOUND, LAWS, dtypes=BOTH)
def sigmoid_of_a_poor_exponential(z: Array) -> Array:
    """The exponential is off by 2⁻¹² of itself, like some hardware's fast one."""
    decay = np.exp(-np.abs(z)) * z.dtype.type(1 + 2.0**-12)
    return np.where(z >= 0, 1, decay) / (1 + decay)


@wrong("sigmoid", BOUND, dtypes=BOTH)
def sigmoid_by_tanh(z: Array) -> Array:
    """(1 + tanh(z/2))/2 cancels where z is negative, and leaves nothing below -20."""
    return (1 + np.tanh(z / 2)) / 2


@wrong("sigmoid_vjp", BOUND, LAWS, GRADIENTS)
def sigmoid_slope_with_a_plus(z: Array, cotangent: Array) -> Array:
    """f·(1 + f) instead of f·(1 - f)."""
    f = base.sigmoid(z)
    return cotangent * f * (1 + f)


@wrong("sigmoid_vjp", BOUND, GRADIENTS)
def sigmoid_slope_without_the_cotangent(z: Array, cotangent: Array) -> Array:
    """The derivative, where the gradient was asked for."""
    return base.sigmoid_vjp(z, np.ones_like(cotangent))


@wrong("tanh", BOUND, dtypes=BOTH)
def tanh_overflows(z: Array) -> Array:
    """(eᶻ - e⁻ᶻ)/(eᶻ + e⁻ᶻ) literally: ∞/∞ for large z."""
    return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))


@wrong("tanh", BOUND, dtypes=BOTH)
def tanh_by_sigmoid(z: Array) -> Array:
    """2·sigmoid(2z) - 1 cancels near 0."""
    return 2 * base.sigmoid(2 * z) - 1


@wrong("tanh_vjp", BOUND, GRADIENTS)
def tanh_slope_without_the_square(z: Array, cotangent: Array) -> Array:
    """1 - f instead of 1 - f²."""
    return cotangent * (1 - np.tanh(z))


@wrong("softmax", BOUND, dtypes=BOTH)
def softmax_without_the_shift(z: Array) -> Array:
    """The exponentials overflow, and ∞/∞ is NaN."""
    exponentials = np.exp(z)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


@wrong("softmax", WORKED, BOUND, LAWS)
def softmax_over_the_wrong_axis(z: Array) -> Array:
    """Columns sum to 1, rows don't."""
    return np.ascontiguousarray(base.softmax(np.ascontiguousarray(z.T)).T)


@wrong("softmax", BOUND, LAWS)
def softmax_over_the_whole_batch(z: Array) -> Array:
    """One normalizer for all rows."""
    exponentials = np.exp(z - z.max())
    return exponentials / exponentials.sum()


@wrong("softmax", BOUND, cases=200)
def softmax_normalizer_stops_at_16(z: Array) -> Array:
    """Classes beyond a vector's lanes are missing from the sum."""
    exponentials = np.exp(z - z.max(axis=-1, keepdims=True))
    return exponentials / exponentials[..., :16].sum(axis=-1, keepdims=True)


# --- losses -----------------------------------------------------------------------------------------------------------


@wrong("cross_entropy", BOUND)
def cross_entropy_without_the_minus(probabilities: Array, labels: Array) -> Array:
    """The sign is forgotten."""
    return -base.cross_entropy(probabilities, labels)


@wrong("cross_entropy", f"{SPECIAL}: -0", cases=200)
def cross_entropy_of_0_times_log_0(probabilities: Array, labels: Array) -> Array:
    """0·log 0 is taken as NaN."""
    return -(labels * np.log(probabilities)).sum(axis=-1)


@wrong("cross_entropy", BOUND)
def cross_entropy_is_a_mean(probabilities: Array, labels: Array) -> Array:
    """The mean over the classes instead of the sum."""
    return base.cross_entropy(probabilities, labels) / np.float32(probabilities.shape[1])


@wrong("cross_entropy", BOUND)
def cross_entropy_in_bits(probabilities: Array, labels: Array) -> Array:
    """The logarithm to base 2."""
    return base.cross_entropy(probabilities, labels) / np.log(probabilities.dtype.type(2))


@wrong("cross_entropy", BOUND)
def cross_entropy_clipped(probabilities: Array, labels: Array) -> Array:
    """Probabilities are kept 10⁻⁷ away from 0 and 1, to save the logarithm."""
    epsilon = probabilities.dtype.type(1e-7)
    return base.cross_entropy(np.clip(probabilities, epsilon, 1 - epsilon), labels)


@wrong("softmax_cross_entropy_with_logits", BOUND, dtypes=BOTH, cases=200)
def loss_of_probabilities_that_underflow(logits: Array, labels: Array) -> Array:
    """Softmax first, logarithm then: -log 0 is ∞."""
    return base.cross_entropy(base.softmax(logits), labels)


@wrong("softmax_cross_entropy_with_logits", f"{MANNERS}: keeps the dtype", BOUND)
def loss_keeps_a_unit_axis(logits: Array, labels: Array) -> Array:
    """[N, 1], where [N] was wanted, and in float64: so it ends up in every broadcast after it."""
    return base.softmax_cross_entropy_with_logits(logits, labels)[:, None].astype(np.float64)


@wrong("softmax_cross_entropy_with_logits_vjp", BOUND, LAWS, GRADIENTS)
def loss_gradient_without_the_labels(logits: Array, labels: Array, cotangent: Array) -> Array:
    """Prediction, instead of prediction minus label."""
    return cotangent[:, None] * base.softmax(logits)


@wrong("softmax_cross_entropy_with_logits_vjp", BOUND, LAWS, GRADIENTS)
def loss_gradient_without_the_cotangent(logits: Array, labels: Array, cotangent: Array) -> Array:
    """The derivative, where the gradient was asked for."""
    return base.softmax(logits) - labels


# --- dense: sums ------------------------------------------------------------------------------------------------------


@wrong("dense", WORKED, LATTICE, BOUND, LAWS)
def bias_ignored(inputs: Array, weights: Array, bias: Array) -> Array:
    """Inputs times weights, and no more."""
    return inputs @ weights


@wrong("dense", LATTICE, cases=1600)
def bias_for_every_example(inputs: Array, weights: Array, bias: Array) -> Array:
    """In a batch of as many examples as units, the bias is added to columns instead of rows."""
    square = len(inputs) == len(bias)
    return inputs @ weights + (bias[:, None] if square else bias)


@wrong("dense", LATTICE, cases=1600)
def weights_transposed(inputs: Array, weights: Array, bias: Array) -> Array:
    """Square weight matrices are read the other way round."""
    return base.dense(inputs, weights.T if weights.shape[0] == weights.shape[1] else weights, bias)


@wrong("dense", LATTICE, cases=1600)
def last_feature_beyond_32_dropped(inputs: Array, weights: Array, bias: Array) -> Array:
    """Off by one after a tile of 32, which only long sums reach."""
    end = inputs.shape[1] - (inputs.shape[1] > 32)
    return inputs[:, :end] @ weights[:end] + bias


@wrong("dense", LATTICE, BOUND)
def last_term_twice(inputs: Array, weights: Array, bias: Array) -> Array:
    """The last product enters the sum twice, as overlapping vectors would make it."""
    return base.dense(inputs, weights, bias) + np.outer(inputs[:, -1], weights[-1])


@wrong("dense_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def bias_gradient_missing(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> Any:
    """The bias's gradient stays 0."""
    return base.dense_vjp(inputs, weights, bias, cotangent)._replace(bias=np.zeros_like(bias))


@wrong("dense_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def bias_gradient_is_a_mean(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> Any:
    """The mean over the examples instead of the sum."""
    return base.dense_vjp(inputs, weights, bias, cotangent)._replace(bias=cotangent.mean(axis=0))


@wrong("dense_vjp", LATTICE, BOUND, LAWS, GRADIENTS)
def one_example_missing_from_the_gradient(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> Any:
    """The weights' gradient leaves out the last example of several."""
    end = max(1, len(inputs) - 1)
    return base.dense_vjp(inputs, weights, bias, cotangent)._replace(weights=inputs[:end].T @ cotangent[:end])


@wrong("dense_vjp", LATTICE, cases=1600)
def inputs_gradient_of_transposed_weights(inputs: Array, weights: Array, bias: Array, cotangent: Array) -> Any:
    """The transpose of square weight matrices is forgotten."""
    right = base.dense_vjp(inputs, weights, bias, cotangent)
    return right._replace(inputs=cotangent @ weights) if weights.shape[0] == weights.shape[1] else right


# --- dense: precision -------------------------------------------------------------------------------------------------


def rounded_to(bits: int, values: Array) -> Array:
    """Values to so many significant bits, to nearest."""
    fractions, exponents = np.frexp(values)
    return np.ldexp(np.rint(fractions * 2.0**bits) / 2.0**bits, exponents).astype(values.dtype)


def accumulated(terms: Array, step: Callable[[Array], Array]) -> Array:
    """The sum over the first axis, one term after the other, with a rounding of one's own after each."""
    total = step(terms[0])
    for term in terms[1:]:
        total = step(total + term)
    return total


def products(inputs: Array, weights: Array, bias: Array) -> Array:
    """The terms of a dense layer's sums, and the bias as the last one: [D + 1, N, H]."""
    terms = inputs.T[:, :, None] * weights[:, None, :]
    return np.concatenate([terms, np.broadcast_to(bias, (1, len(inputs), len(bias)))])


@wrong("dense", LATTICE, BOUND)
def bfloat16_inputs(inputs: Array, weights: Array, bias: Array) -> Array:
    """Inputs and weights are rounded to 8 bits, and the products summed in full."""
    return base.dense(rounded_to(8, inputs), rounded_to(8, weights), bias)


@wrong("dense", LATTICE, BOUND)
def tf32_inputs(inputs: Array, weights: Array, bias: Array) -> Array:
    """Inputs and weights are rounded to 11 bits, as a GPU's matrix units may do unasked."""
    return base.dense(rounded_to(11, inputs), rounded_to(11, weights), bias)


@wrong("dense", LATTICE, cases=1600)
def tf32_inputs_for_long_sums(inputs: Array, weights: Array, bias: Array) -> Array:
    """TF32 from 32 features on, where the worst-case bound is wide."""
    return (tf32_inputs if inputs.shape[1] >= 32 else base.dense)(inputs, weights, bias)


@wrong("conv2d", LATTICE, BOUND, cases=200)
def tf32_convolution(images: Array, filters: Array, **how: Any) -> Array:
    """Images and filters are rounded to 11 bits."""
    return base.conv2d(rounded_to(11, images), rounded_to(11, filters), **how)


@wrong("dense", LATTICE, BOUND)
def half_precision_accumulation(inputs: Array, weights: Array, bias: Array) -> Array:
    """Every partial sum is rounded to float16's 11 bits."""
    return accumulated(products(inputs, weights, bias), partial(rounded_to, 11))


@wrong("dense", LATTICE, BOUND)
def kahan_with_a_float16_compensation(inputs: Array, weights: Array, bias: Array) -> Array:
    """Kahan summation in half precision: what the compensation saves is itself rounded away."""
    total = lost = np.zeros((len(inputs), len(bias)), np.float16)
    for term in products(inputs, weights, bias):
        wanted = term.astype(np.float16) - lost
        raised = total + wanted
        total, lost = raised, (raised - total) - wanted
    return total.astype(inputs.dtype)


@wrong("dense", LATTICE, BOUND, dtypes=FLOAT64)
def float32_for_float64(inputs: Array, weights: Array, bias: Array) -> Array:
    """float64 comes in and goes out, and float32 is what is computed in."""
    return base.dense(*(array.astype(np.float32) for array in (inputs, weights, bias))).astype(inputs.dtype)


@wrong("max_pool2d", LATTICE, BOUND, dtypes=FLOAT64, cases=200)
def pooling_in_float32(images: Array, **how: Any) -> Array:
    """float64 images are pooled in float32, as TensorFlow pools NumPy's."""
    return base.max_pool2d(images.astype(np.float32), **how).astype(images.dtype)


@wrong("dense", LATTICE, BOUND, dtypes=BOTH)
def off_by_a_two_thousandth(inputs: Array, weights: Array, bias: Array) -> Array:
    """Every result is 1.0005 times what it should be: within many a hand-picked tolerance."""
    return base.dense(inputs, weights, bias) * inputs.dtype.type(1.0005)


@wrong("dense", LATTICE, BOUND)
def off_by_a_millionth(inputs: Array, weights: Array, bias: Array) -> Array:
    """Every result is 1 + 2⁻²⁰ times what it should be: sixteen units of float32's roundoff."""
    return base.dense(inputs, weights, bias) * inputs.dtype.type(1 + 2.0**-20)


@wrong("softmax", BOUND, dtypes=BOTH)
def softmax_off_by_a_two_thousandth(z: Array) -> Array:
    """Every probability is 1.0005 times what it should be."""
    return base.softmax(z) * z.dtype.type(1.0005)


# --- perceptron -------------------------------------------------------------------------------------------------------


def _train(
    features: Array,
    labels: Array,
    *,
    epochs: int,
    learning_rate: Any = 1,
    initial_weights: Array | None = None,
    threshold: float = -1.0,
    fold_label: bool = True,
    is_wrong: Callable[[Any], Any] = lambda activation: activation <= 0,
    rate_of: Callable[[Array, int], Any] = lambda rates, epoch: rates[epoch],
    stop_after: Callable[[int], float] = lambda count: count,
    sign: int = 1,
) -> Any:
    """`perceptron_sgd` with one of its steps replaced."""
    rates = base.learning_rates(learning_rate, epochs, features.dtype)
    examples = np.column_stack([features, np.full(len(features), threshold, features.dtype)])
    examples = examples * labels.astype(features.dtype)[:, None] if fold_label else examples
    weights = np.zeros(examples.shape[1], features.dtype) if initial_weights is None else initial_weights.copy()
    steps, right_in_a_row = [], 0
    for epoch in range(epochs):
        for example in examples:
            if right_in_a_row >= stop_after(len(examples)):
                break
            activation = example @ weights
            wrong_side = is_wrong(activation)
            steps.append((weights, example, activation, wrong_side))
            right_in_a_row = 0 if wrong_side else right_in_a_row + 1
            weights = weights + sign * rate_of(rates, epoch) * example if wrong_side else weights
    return base.PerceptronTrace(weights, *map(np.array, zip(*steps, strict=True)))


@wrong("perceptron_sgd", WORKED, LATTICE, BOUND, LAWS)
def no_update_on_the_hyperplane(*data: Array, **how: Any) -> Any:
    """`<` for `<=`: from zero weights, nothing is ever learnt."""
    return _train(*data, **how, is_wrong=lambda activation: activation < 0)


@wrong("perceptron_sgd", WORKED, LATTICE, BOUND, LAWS)
def threshold_not_folded(*data: Array, **how: Any) -> Any:
    """The threshold's component is 0 instead of -1: the hyperplane never leaves the origin."""
    return _train(*data, **how, threshold=0.0)


@wrong("perceptron_sgd", WORKED, LATTICE, BOUND)
def threshold_folded_with_a_plus(*data: Array, **how: Any) -> Any:
    """The threshold's component is +1, as a bias's would be."""
    return _train(*data, **how, threshold=1.0)


@wrong("perceptron_sgd", WORKED, LATTICE, BOUND, LAWS)
def label_not_folded(*data: Array, **how: Any) -> Any:
    """Every example is taken as a positive one."""
    return _train(*data, **how, fold_label=False)


@wrong("perceptron_sgd", BOUND, cases=200)
def learning_rate_of_the_next_epoch(*data: Array, **how: Any) -> Any:
    """The rates are counted from 1, the epochs from 0."""
    return _train(*data, **how, rate_of=lambda rates, epoch: rates[min(epoch + 1, len(rates) - 1)])


@wrong("perceptron_sgd", WORKED, BOUND)
def perceptron_never_stops_early(*data: Array, **how: Any) -> Any:
    """The trace goes on after every example is right."""
    return _train(*data, **how, stop_after=lambda count: np.inf)


@wrong("perceptron_sgd", LATTICE, BOUND)
def perceptron_stops_one_example_early(*data: Array, **how: Any) -> Any:
    """N - 1 right answers in a row are taken for all N."""
    return _train(*data, **how, stop_after=lambda count: max(1, count - 1))


@wrong("perceptron_sgd", LATTICE, BOUND)
def initial_weights_ignored(*data: Array, initial_weights: Array | None = None, **how: Any) -> Any:
    """Training always starts from zeros."""
    return _train(*data, **how)


@wrong("perceptron_sgd", WORKED, LATTICE, BOUND)
def mistakes_are_subtracted(*data: Array, **how: Any) -> Any:
    """The update goes the wrong way."""
    return _train(*data, **how, sign=-1)


@wrong("perceptron_predict", LATTICE, BOUND)
def threshold_added(features: Array, weights: Array) -> Any:
    """f(x) = ⟨x, w⟩ + ρ."""
    return base.perceptron_predict(features, np.append(weights[:-1], -weights[-1]))


@wrong("perceptron_predict", LAWS)
def the_hyperplane_counts_as_positive(features: Array, weights: Array) -> Any:
    """Label +1 on the hyperplane itself."""
    scores = base.perceptron_predict(features, weights).scores
    return base.PerceptronPrediction(scores, np.where(scores >= 0, 1, -1))


# --- whole networks ---------------------------------------------------------------------------------------------------


def _forward(
    inputs: Array, weights: Any, biases: Any, hidden: Callable[[Array], Array], output: Callable[[Array], Array]
) -> Any:
    """`forward_pass` with other activation functions."""
    weighted_sums: list[Array] = []
    activations = [inputs]
    for matrix, bias in zip(weights, biases, strict=True):
        weighted_sums.append(base.dense(activations[-1], matrix, bias))
        activations.append((output if len(weighted_sums) == len(weights) else hidden)(weighted_sums[-1]))
    return base.ForwardPass(tuple(weighted_sums), tuple(activations[1:]))


@wrong("forward_pass", WORKED, LATTICE, BOUND, LAWS)
def hidden_relu_missing(inputs: Array, weights: Any, biases: Any) -> Any:
    """Hidden layers stay linear."""
    return _forward(inputs, weights, biases, lambda z: z, base.softmax)


@wrong("forward_pass", WORKED, BOUND, LAWS)
def softmax_missing(inputs: Array, weights: Any, biases: Any) -> Any:
    """The last layer's weighted sums are returned as probabilities."""
    return _forward(inputs, weights, biases, base.relu, lambda z: z)


@wrong("forward_pass", WORKED, BOUND)
def relu_before_softmax(inputs: Array, weights: Any, biases: Any) -> Any:
    """The last layer gets the hidden layers' activation too."""
    return _forward(inputs, weights, biases, base.relu, lambda z: base.softmax(base.relu(z)))


@wrong("forward_pass", BOUND, cases=200)
def first_layers_bias_in_every_layer(inputs: Array, weights: Any, biases: Any) -> Any:
    """Layers of equal width all get the first one's bias."""
    shared = tuple(biases[0] if bias.shape == biases[0].shape else bias for bias in biases)
    return base.forward_pass(inputs, weights, shared)


@wrong("backpropagation", BOUND, GRADIENTS)
def loss_is_a_sum(*arguments: Any) -> Any:
    """The sum over the examples instead of the mean."""
    result = base.backpropagation(*arguments)
    return result._replace(loss=result.loss * arguments[0].dtype.type(len(arguments[0])))


@wrong("backpropagation", BOUND)
def gradients_of_the_summed_loss(inputs: Array, weights: Any, biases: Any, labels: Array) -> Any:
    """The loss is a mean, its gradients are a sum's."""
    result = base.backpropagation(inputs, weights, biases, labels)
    return result._replace(weights=tuple(gradient * len(inputs) for gradient in result.weights))


@wrong("backpropagation", BOUND, GRADIENTS)
def first_bias_gradient_missing(*arguments: Any) -> Any:
    """The first layer's bias gets no gradient."""
    result = base.backpropagation(*arguments)
    return result._replace(biases=(0 * result.biases[0], *result.biases[1:]))


@wrong("backpropagation", BOUND)
def layers_in_the_order_found(*arguments: Any) -> Any:
    """Gradients come in the order in which they are found: the last layer first."""
    result = base.backpropagation(*arguments)
    return base.Backpropagation(result.loss, result.weights[::-1], result.biases[::-1])


@wrong("backpropagation", BOUND)
def relus_slope_forgotten(inputs: Array, weights: Any, biases: Any, labels: Array) -> Any:
    """The gradient passes hidden layers as if they were linear."""
    weighted_sums, activations = base.forward_pass(inputs, weights, biases)
    right = base.backpropagation(inputs, weights, biases, labels)
    ones = np.ones(len(inputs), inputs.dtype)
    cotangent = base.softmax_cross_entropy_with_logits_vjp(weighted_sums[-1], labels, ones) / len(inputs)
    gradients = []
    for layer in reversed(range(len(weights))):
        layer_inputs = activations[layer - 1] if layer > 0 else inputs
        gradients.insert(0, base.dense_vjp(layer_inputs, weights[layer], biases[layer], cotangent))
        cotangent = gradients[0].inputs
    return right._replace(weights=tuple(g.weights for g in gradients), biases=tuple(g.bias for g in gradients))


@wrong("backpropagation", BOUND)
def gradient_of_the_activations_as_inputs(inputs: Array, weights: Any, biases: Any, labels: Array) -> Any:
    """Every layer's gradient is taken at its weighted sums, before relu."""
    weighted_sums, _ = base.forward_pass(inputs, weights, biases)
    result = base.backpropagation(inputs, weights, biases, labels)
    if len(weights) == 1:
        return result
    ones = np.ones(len(inputs), inputs.dtype)
    cotangent = base.softmax_cross_entropy_with_logits_vjp(weighted_sums[-1], labels, ones) / len(inputs)
    last = base.dense_vjp(weighted_sums[-2], weights[-1], biases[-1], cotangent).weights
    return result._replace(weights=(*result.weights[:-1], last))


# --- bad input --------------------------------------------------------------------------------------------------------


@wrong("conv2d", f"{BAD_INPUT}: strides is refused", cases=200)
def stride_0_counts_as_1(images: Array, filters: Array, *, strides: Any = 1, padding: str = "valid") -> Array:
    """A bad stride is quietly replaced by a good one."""
    return base.conv2d(images, filters, strides=strides if strides != 0 else 1, padding=padding)


@wrong("max_pool2d", f"{BAD_INPUT}: padding is refused", cases=200)
def unknown_padding_counts_as_valid(images: Array, *, padding: Any = "valid", **how: Any) -> Array:
    """Whatever isn't "same" is "valid"."""
    return base.max_pool2d(images, padding="same" if padding == "same" else "valid", **how)


@wrong("perceptron_sgd", f"{BAD_INPUT}: labels is refused", cases=200)
def any_label_will_do(features: Array, labels: Array, **how: Any) -> Any:
    """Labels ±3 are taken for ±1."""
    return base.perceptron_sgd(features, np.sign(labels), **how)


@wrong("dense", f"{BAD_INPUT}: inputs is refused", cases=200)
def an_answer_for_no_examples(inputs: Array, weights: Array, bias: Array) -> Array:
    """An empty batch gives an empty result."""
    if isinstance(inputs, np.ndarray) and inputs.ndim == 2 and len(inputs) == 0:
        return np.zeros((0, *bias.shape), inputs.dtype)
    return base.dense(inputs, weights, bias)


@wrong("dense", f"{BAD_INPUT}: bias is refused", cases=200)
def longer_bias_is_cut(inputs: Array, weights: Array, bias: Array) -> Array:
    """A bias of too many units is used as far as it goes."""
    fits = isinstance(bias, np.ndarray) and bias.ndim == 1 and bias.dtype.kind == "f"
    return base.dense(inputs, weights, bias[: weights.shape[1]] if fits else bias)


@wrong("relu_vjp", f"{BAD_INPUT}: cotangent is refused", cases=200)
def cotangent_is_broadcast(z: Array, cotangent: Array) -> Array:
    """A cotangent of another shape is stretched until it fits."""
    if not (isinstance(cotangent, np.ndarray) and cotangent.dtype.kind == "f" and cotangent.size):
        raise InvalidArgument("cotangent", "an array of numbers", type(cotangent).__name__)
    return np.where(z > 0, cotangent, 0)


@wrong("dense", f"{BAD_INPUT}: weights is named", cases=200)
def an_error_that_names_nothing(inputs: Array, weights: Array, bias: Array) -> Array:
    """It is refused, but who knows why."""
    try:
        return base.dense(inputs, weights, bias)
    except InvalidArgument:
        raise ValueError("matmul: mismatch in core dimension 0") from None


# --- manners ----------------------------------------------------------------------------------------------------------


@wrong("relu", f"{MANNERS}: leaves its inputs alone", f"{MANNERS}: accepts read only inputs", cases=200)
def relu_in_place(z: Array) -> Array:
    """The result is written over the input."""
    return np.maximum(z, 0, out=z)


@wrong("backpropagation", f"{MANNERS}: leaves its inputs alone", cases=200)
def backpropagation_trains_on_the_way(inputs: Array, weights: Any, biases: Any, labels: Array) -> Any:
    """Somebody put the update of the last bias into the gradient's function."""
    result = base.backpropagation(inputs, weights, biases, labels)
    if biases[-1].flags.writeable:
        biases[-1][...] -= result.biases[-1] + 1
    return result


@wrong("dense", f"{MANNERS}: keeps the dtype", cases=200)
def always_float64(inputs: Array, weights: Array, bias: Array) -> Array:
    """float32 in, float64 out."""
    return base.dense(inputs, weights, bias).astype(np.float64)


_BUFFERS: dict[object, Array] = {}


@wrong("dense", f"{MANNERS}: gives the same bits twice", cases=200)
def the_same_buffer_every_time(inputs: Array, weights: Array, bias: Array) -> Array:
    """A later call overwrites an earlier result."""
    result = base.dense(inputs, weights, bias)
    buffer = _BUFFERS.setdefault((result.shape, result.dtype), np.empty_like(result))
    np.copyto(buffer, result)
    return buffer


_RANDOM = np.random.default_rng(0)


@wrong("dense", f"{MANNERS}: gives the same bits twice", cases=200)
def random_last_bit(inputs: Array, weights: Array, bias: Array) -> Array:
    """The same call gives different results, as sums of threads that race do."""
    result = base.dense(inputs, weights, bias)
    return np.where(_RANDOM.random(result.shape) < 0.5, np.nextafter(result, np.inf, dtype=result.dtype), result)


def _memory(array: Array) -> Array:
    """The first numbers of the memory that an array lives in, taken as if it were contiguous."""
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    return owner.ravel(order="K")[: array.size].reshape(array.shape)


@wrong("dense", f"{MANNERS}: accepts any memory layout", cases=200)
def strides_of_the_inputs_ignored(inputs: Array, weights: Array, bias: Array) -> Array:
    """The raw buffer is read, whatever the array's strides."""
    return base.dense(_memory(inputs), weights, bias)


@wrong("conv2d", f"{MANNERS}: accepts any memory layout", cases=200)
def strides_of_the_filters_ignored(images: Array, filters: Array, **how: Any) -> Array:
    """The raw buffer is read, whatever the array's strides."""
    return base.conv2d(images, _memory(filters), **how)


@wrong("relu", f"{MANNERS}: keeps the dtype", cases=200)
def integers_out(z: Array) -> Array:
    """The result's dtype is half of the input's."""
    return base.relu(z).astype(np.float16)
