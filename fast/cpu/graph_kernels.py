"""Which kernels compute a graph's operations, and what they get: as the functions of the rooms call them.

Each function here writes the calls for one kind of operation down. Kinds that aren't among `KERNELS` look at the
numbers they get (labels that must be classes, a mask of zeros and ones), or are several calls of Python's: those run
as functions between the compiled parts of a step.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple, Protocol

from fast.cpu import layers, losses, pooling
from fast.cpu.compilation import leaf
from fast.cpu.convolution import conv2d_kernel
from fast.cpu.convolution_gradients import filter_gradient_kernel, image_gradient_kernel
from fast.cpu.elementwise import PARALLEL_EXPONENTIALS, PARALLEL_SIZE
from fast.cpu.finishing import BIAS_ONLY
from fast.cpu.graph_functions import mean_into, total_into
from fast.cpu.graph_operands import Address, Operand
from fast.cpu.linear import dense_vjp_kernel, product_kernel, product_vjp_kernel
from fast.cpu.panels import transpose_into
from fast.cpu.windows import window_steps
from fast.validation.convolution import slide
from fast.validation.layers import ACTIVATIONS
from reference.errors import require_pair


class Writer(Protocol):
    """Who writes calls down."""

    def call(self, kernel: Any, *arguments: Any) -> None: ...

    def scratch(self, shape: tuple[int, ...]) -> Operand: ...

    def nothing(self) -> Operand: ...


class Job(NamedTuple):
    """An operation's arrays, which outputs anybody wants, and what a gradient's layer gave, if that is there."""

    inputs: tuple[Operand, ...]
    outputs: tuple[Operand, ...]
    wanted: tuple[bool, ...]
    known: Operand | None


MULTIPLIER = Address("multiplier")


#: The module, and not the function of the same name.
softmax = import_module("fast.cpu.softmax")


def _finisher(activation: str) -> Any:
    return BIAS_ONLY if activation == "identity" else Address("finisher", activation)


@leaf
def transposed_into(matrix, out, rows, columns):
    """The transpose of a flat matrix."""
    transpose_into(matrix, 0, columns, 1, rows, columns, out, 0, rows)


def _either(room: Any, name: str, size: int, least: int) -> Any:
    """A room's kernel for so many numbers: its loop, or its threads."""
    return getattr(room, f"{name}_loop" if size < least else f"{name}_threads")


def transpose(write: Writer, job: Job) -> None:
    [matrix], [out] = job.inputs, job.outputs
    write.call(transposed_into, matrix.flat, out.flat, *matrix.shape)


def total(write: Writer, job: Job) -> None:
    write.call(total_into, job.inputs[0].flat, job.outputs[0].flat)


def empirical_loss(write: Writer, job: Job) -> None:
    write.call(mean_into, job.inputs[0].flat, job.outputs[0].flat)


def matrix_product(write: Writer, job: Job) -> None:
    write.call(product_kernel, MULTIPLIER, BIAS_ONLY, *job.inputs, write.nothing(), *job.outputs)


def matrix_product_vjp(write: Writer, job: Job) -> None:
    a, b, cotangent = job.inputs
    d_a, d_b = job.outputs
    write.call(product_vjp_kernel, MULTIPLIER, a, b, cotangent, d_b, d_a, job.wanted[0])


def dense(write: Writer, job: Job) -> None:
    dense_layer(write, job, activation="identity")


def dense_vjp(write: Writer, job: Job) -> None:
    inputs, weights, _, cotangent = job.inputs
    d_inputs, d_weights, d_bias = job.outputs
    write.call(dense_vjp_kernel, MULTIPLIER, inputs, weights, cotangent, d_weights, d_bias, d_inputs, job.wanted[0])


def dense_layer(write: Writer, job: Job, *, activation: str) -> None:
    write.call(product_kernel, MULTIPLIER, _finisher(activation), *job.inputs, *job.outputs)


def dense_layer_vjp(write: Writer, job: Job, *, activation: str) -> None:
    inputs, weights, bias, cotangent = job.inputs
    d_inputs, d_weights, d_bias = job.outputs
    slopes = write.scratch(cotangent.shape)
    outputs = cotangent if activation == "identity" else job.known or slopes
    if outputs is slopes:
        write.call(product_kernel, MULTIPLIER, _finisher(activation), inputs, weights, bias, slopes)
    go_back(write, outputs, cotangent, slopes, activation, d_bias)
    write.call(product_vjp_kernel, MULTIPLIER, inputs, weights, slopes, d_weights, d_inputs, job.wanted[0])


def go_back(
    write: Writer, outputs: Operand, cotangent: Operand, slopes: Operand, activation: str, d_bias: Operand
) -> None:
    """The slopes of a layer's activation times its cotangent, and the bias's gradient."""
    kernel = _either(layers, "_go_back", cotangent.size, PARALLEL_SIZE)
    write.call(kernel, outputs.flat, cotangent.flat, slopes.flat, ACTIVATIONS.index(activation), d_bias)


def conv2d(write: Writer, job: Job, *, strides: Any = 1, padding: str = "valid") -> None:
    images, filters = job.inputs
    [out] = job.outputs
    steps = _steps(images, filters.shape[:2], strides, padding)
    kernel = conv2d_kernel(out.form, filters.form)
    write.call(kernel, MULTIPLIER, BIAS_ONLY, images, filters, write.nothing(), out, *steps)


def convolutional_layer(write: Writer, job: Job, *, activation: str, strides: Any = 1, padding: str = "valid") -> None:
    images, filters, bias = job.inputs
    [out] = job.outputs
    steps = _steps(images, filters.shape[:2], strides, padding)
    kernel = conv2d_kernel(out.form, filters.form)
    write.call(kernel, MULTIPLIER, _finisher(activation), images, filters, bias, out, *steps)


def conv2d_vjp(write: Writer, job: Job, *, strides: Any = 1, padding: str = "valid") -> None:
    images, filters, cotangent = job.inputs
    _convolution_back(write, job, images, filters, cotangent, _steps(images, filters.shape[:2], strides, padding))


def convolutional_layer_vjp(
    write: Writer, job: Job, *, activation: str, strides: Any = 1, padding: str = "valid"
) -> None:
    images, filters, bias, cotangent = job.inputs
    steps, slopes = _steps(images, filters.shape[:2], strides, padding), write.scratch(cotangent.shape)
    outputs = cotangent if activation == "identity" else job.known or slopes
    if outputs is slopes:
        kernel = conv2d_kernel(slopes.form, filters.form)
        write.call(kernel, MULTIPLIER, _finisher(activation), images, filters, bias, slopes, *steps)
    go_back(write, outputs, cotangent, slopes, activation, job.outputs[2])
    _convolution_back(write, job, images, filters, slopes, steps)


def _convolution_back(
    write: Writer, job: Job, images: Operand, filters: Operand, cotangent: Operand, steps: tuple[int, ...]
) -> None:
    """The gradients of images and filters that anybody wants."""
    if job.wanted[0]:
        kernel = image_gradient_kernel(cotangent.form, filters.form, steps[1])
        write.call(kernel, MULTIPLIER, filters, cotangent, job.outputs[0], *steps)
    if job.wanted[1]:
        kernel = filter_gradient_kernel(cotangent.form, filters.form)
        write.call(kernel, MULTIPLIER, images, cotangent, job.outputs[1], *steps)


def _steps(images: Operand, window: tuple[int, ...], strides: Any, padding: str) -> tuple[int, ...]:
    return window_steps(slide("filters", images.shape[1:3], tuple(window[:2]), strides, padding))


def _pooling(name: str, *, back: bool) -> Callable[..., None]:
    def pool(write: Writer, job: Job, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid") -> None:
        images, window = job.inputs[0], require_pair("pool_size", pool_size)
        steps = _steps(images, window, window if strides is None else strides, padding)
        # Of a mean, the gradient doesn't depend on the images.
        inputs = job.inputs[1:] if back and name == "_average" else job.inputs
        kernel = _either(pooling, f"{name}_vjp" if back else name, images.size, PARALLEL_SIZE)
        write.call(kernel, *inputs, *job.outputs, *window, *steps)

    return pool


def _rows(loop: str, threads: str) -> Callable[..., None]:
    def of_rows(write: Writer, job: Job) -> None:
        kernel = getattr(softmax, loop if job.inputs[0].size < PARALLEL_EXPONENTIALS else threads)
        write.call(kernel, *(operand.flat for operand in (*job.inputs, *job.outputs)), job.inputs[0].shape[-1])

    return of_rows


def _loss(name: str, least: int, *, flat: bool = False) -> Callable[..., None]:
    def of_examples(write: Writer, job: Job) -> None:
        kernel = _either(losses, name, job.inputs[0].size, least)
        write.call(kernel, *(operand.flat if flat else operand for operand in (*job.inputs, *job.outputs)))

    return of_examples


KERNELS: dict[str, Callable[..., None]] = {
    **{
        function.__name__: function
        for function in (transpose, total, empirical_loss, matrix_product, matrix_product_vjp, dense, dense_vjp)
    },
    **{function.__name__: function for function in (dense_layer, dense_layer_vjp, conv2d, conv2d_vjp)},
    **{function.__name__: function for function in (convolutional_layer, convolutional_layer_vjp)},
    "max_pool2d": _pooling("_pool", back=False),
    "max_pool2d_vjp": _pooling("_pool", back=True),
    "average_pool2d": _pooling("_average", back=False),
    "average_pool2d_vjp": _pooling("_average", back=True),
    "softmax": _rows("softmax_loop", "_softmax_threads"),
    "softmax_vjp": _rows("_softmax_vjp_loop", "_softmax_vjp_threads"),
    "log_softmax": _rows("_log_softmax_loop", "_log_softmax_threads"),
    "log_softmax_vjp": _rows("_log_softmax_vjp_loop", "_log_softmax_vjp_threads"),
    "mean_squared_error": _loss("_squares", PARALLEL_SIZE),
    "mean_squared_error_vjp": _loss("_squares_vjp", PARALLEL_SIZE),
    "cross_entropy": _loss("_cross_entropy", PARALLEL_SIZE),
    "cross_entropy_vjp": _loss("_cross_entropy_vjp", PARALLEL_SIZE),
    "softmax_cross_entropy_with_logits": _loss("_logits", PARALLEL_EXPONENTIALS, flat=True),
    "softmax_cross_entropy_with_logits_vjp": _loss("_logits_vjp", PARALLEL_EXPONENTIALS, flat=True),
}
