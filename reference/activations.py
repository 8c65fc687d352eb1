"""Activation functions: what a neuron makes of its weighted sum, and how a gradient passes back through it."""

from __future__ import annotations

from reference.arrays import Array, Number, elementwise, require_array, require_shape
from reference.elementary import maximum, weigh, where_positive
from reference.elementary import sigmoid as standard_logistic
from reference.elementary import tanh as hyperbolic_tangent
from reference.errors import require_number
from reference.numbers.mixing import minus, multiply

__all__ = [
    "identity",
    "identity_vjp",
    "leaky_relu",
    "leaky_relu_vjp",
    "logistic",
    "logistic_vjp",
    "relu",
    "relu_vjp",
    "sigmoid",
    "sigmoid_vjp",
    "step",
    "step_vjp",
    "tanh",
    "tanh_vjp",
]


def identity(z: Array) -> Array:
    """Let every number through as it is: the linear activation.

    Why: the output layer of a network that predicts quantities. Between layers it does nothing: two linear layers are
    one, however deep the network.

    Formula:
        f(z) = z

    Args:
        z: an array of any shape.

    Returns:
        An array of that shape.

    Raises:
        InvalidArgument: if the array is empty or ragged, or an entry isn't a number.

    Source:
        ruppert-ml2, "Linear/Identity Activation".

    >>> identity([13.37, -2.5])
    [13.37, -2.5]
    """
    require_array("z", z)
    return elementwise(lambda entry: entry, z)


def identity_vjp(z: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `identity`: it passes whole.

    Why: a step of backpropagation. The slide's "easy derivation" is this, and so is its "uniformity": every example
    pulls as hard as any other, those that are classified correctly too.

    Formula:
        cotangent·f'(z), with f'(z) = 1

    Args:
        z: the input of `identity`, any shape.
        cotangent: the loss's gradient with respect to `identity(z)`, same shape.

    Returns:
        The loss's gradient with respect to z, same shape.

    Raises:
        InvalidArgument: as `identity`, and if the shapes differ.

    Source:
        ruppert-ml2, "Linear/Identity Activation": easy derivation.

    >>> identity_vjp([13.37, -2.5], [10.0, 20.0])
    [10.0, 20.0]
    """
    require_cotangent(z, cotangent)
    return elementwise(lambda entry, gradient: gradient, z, cotangent)


def step(z: Array) -> Array:
    """Fire or don't: 1 where the number is positive, 0 where it is negative.

    Why: the neuron of McCulloch and Pitts, and of the perceptron: either in the one class or in the other.

    Formula:
        f(z) = 1 if z > 0 else 0; at 0 any number from 0 to 1 is as right, where z is NaN, NaN too.

    Args:
        z: an array of any shape.

    Returns:
        An array of that shape, with entries 0 and 1.

    Raises:
        InvalidArgument: if the array is empty or ragged, or an entry isn't a number.

    Source:
        ruppert-ml2, "Step Activation", whose figure is lost, so that nobody knows whether 0 fires; here it doesn't,
        0, ½ and 1 all being in use.

    >>> step([2.5, -1.0, 0.0])
    [1, 0, 0]
    """
    require_array("z", z)
    return elementwise(lambda entry: where_positive(entry, 1, 0), z)


def step_vjp(z: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `step`: nothing of it passes.

    Why: shows why nobody learns through a step. At 0, where it jumps, it has no derivative; the slopes next to it are 0
    on both sides, which leaves 0 as the only one to take there, as [0, 1] is left for `relu`.

    Formula:
        cotangent·f'(z), with f'(z) = 0; NaN may come of an infinite cotangent, and where z is NaN.

    Args:
        z: the input of `step`, any shape.
        cotangent: the loss's gradient with respect to `step(z)`, same shape.

    Returns:
        The loss's gradient with respect to z, zeros of that shape.

    Raises:
        InvalidArgument: as `step`, and if the shapes differ.

    Source:
        ruppert-ml2, "Step Activation": no learning is possible, gradient has no direction.

    >>> step_vjp([2.5, -1.0, 0.0], [10.0, 10.0, 10.0])
    [0.0, 0.0, 0.0]
    """
    require_cotangent(z, cotangent)
    return elementwise(lambda entry, gradient: weigh(where_positive(entry, 0, 0), gradient), z, cotangent)


def relu(z: Array) -> Array:
    """Keep what is positive, replace the rest by zero.

    Why: the usual activation of hidden layers: cheap, and its gradient doesn't vanish for large inputs.

    Formula:
        f(z) = max(0, z); NaN stays NaN.

    Args:
        z: an array of any shape.

    Returns:
        An array of that shape, with entries ≥ 0.

    Raises:
        InvalidArgument: if the array is empty or ragged, or an entry isn't a number.

    Source:
        goldsborough-methods, "Neural Networks by Foot": relu(H) = max{0, H}; goldsborough-methods, "Activation
        Functions": "Das ReLu"; reinert-intro, "Rectified Linear Unit (ReLU)"; ruppert-ml2, "Rectified Linear Unit
        (ReLU) Activation".

    >>> relu([13.37, 183.66, -210.46])
    [13.37, 183.66, 0]
    """
    require_array("z", z)
    return elementwise(lambda entry: maximum(0, entry), z)


def relu_vjp(z: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `relu`: it passes where the input was positive and stops elsewhere.

    Why: a step of backpropagation. At 0 the function has a kink, and any slope in [0, 1] is a subgradient; this one
    takes 0, as TensorFlow does.

    Formula:
        cotangent if z > 0 else 0; 0 where z is NaN, where NaN or the cotangent would be as right

    Args:
        z: the input of `relu`, any shape.
        cotangent: the loss's gradient with respect to `relu(z)`, same shape.

    Returns:
        The loss's gradient with respect to z, same shape.

    Raises:
        InvalidArgument: as `relu`, and if the shapes differ.

    Source:
        reinert-intro, "Rectified Linear Unit (ReLU)": 1 if z > 0 or 0 if z < 0.

    >>> relu_vjp([2.5, -1.0, 0.0], [10.0, 10.0, 10.0])
    [10.0, 0, 0]
    """
    require_cotangent(z, cotangent)
    return elementwise(lambda entry, slope: where_positive(entry, slope, 0), z, cotangent)


def leaky_relu(z: Array, *, slope: Number = 0.01) -> Array:
    """Keep what is positive, and let a small part of the rest through.

    Why: a neuron whose weighted sum is negative for every example has no gradient behind a `relu`, and never learns
    again; here it learns at a lower rate.

    Formula:
        f(z) = z if z > 0 else slope·z; NaN stays NaN.

    Args:
        z: an array of any shape.
        slope: a number ≥ 0, usually far below 1.

    Returns:
        An array of that shape.

    Raises:
        InvalidArgument: if the array is empty or ragged, an entry isn't a number, or the slope isn't a finite number
            ≥ 0.

    Source:
        ruppert-ml2, "Leaky ReLU Activation", which gives no slope; 0.01 is that of Maas, Hannun and Ng, Rectifier
        Nonlinearities Improve Neural Network Acoustic Models.

    >>> leaky_relu([2.5, -1.0, 0.0], slope=0.25)
    [2.5, -0.25, 0.0]
    """
    require_array("z", z)
    require_number("slope", slope, 0)
    return elementwise(lambda entry: where_positive(entry, entry, multiply(slope, entry)), z)


def leaky_relu_vjp(z: Array, cotangent: Array, *, slope: Number = 0.01) -> Array:
    """Carry a gradient back through `leaky_relu`: whole where the input was positive, a small part of it elsewhere.

    Why: a step of backpropagation. At 0 the function has a kink, and any factor between the slope and 1 makes a
    subgradient; this one takes the slope, as TensorFlow does.

    Formula:
        cotangent if z > 0 else slope·cotangent; that where z is NaN too, where NaN or the cotangent would be as right

    Args:
        z: the input of `leaky_relu`, any shape.
        cotangent: the loss's gradient with respect to `leaky_relu(z)`, same shape.
        slope: as in `leaky_relu`.

    Returns:
        The loss's gradient with respect to z, same shape.

    Raises:
        InvalidArgument: as `leaky_relu`, and if the shapes differ.

    Source:
        ruppert-ml2, "Leaky ReLU Activation": learning at a lower rate.

    >>> leaky_relu_vjp([2.5, -1.0, 0.0], [8.0, 8.0, 8.0], slope=0.25)
    [8.0, 2.0, 2.0]
    """
    require_cotangent(z, cotangent)
    require_number("slope", slope, 0)
    return elementwise(lambda entry, gradient: where_positive(entry, gradient, multiply(slope, gradient)), z, cotangent)


def sigmoid(z: Array) -> Array:
    """Squash every number into (0, 1), steepest at zero.

    Why: reads a weighted sum as a probability; the classic activation, whose gradient vanishes far from zero.

    Formula:
        f(z) = 1/(1 + e⁻ᶻ)

    Args:
        z: an array of any shape.

    Returns:
        An array of that shape, with entries in [0, 1].

    Raises:
        InvalidArgument: if the array is empty or ragged, or an entry isn't a number.

    Source:
        reinert-intro, "Sigmoid Function" with L = 1, k = 1, x₀ = 0; ruppert-ml2, "Sigmoid Activation";
        goldsborough-methods, "Activation Functions": "Le Sigmoid".

    >>> sigmoid([0.0, 1000.0, -1000.0])
    [0.5, 1.0, 0.0]
    """
    require_array("z", z)
    return elementwise(standard_logistic, z)


def sigmoid_vjp(z: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `sigmoid`; with a cotangent of ones, its derivative.

    Why: a step of backpropagation.

    Formula:
        cotangent·f(z)·(1 - f(z)), with f the sigmoid

    Args:
        z: the input of `sigmoid`, any shape.
        cotangent: the loss's gradient with respect to `sigmoid(z)`, same shape.

    Returns:
        The loss's gradient with respect to z, same shape.

    Raises:
        InvalidArgument: as `sigmoid`, and if the shapes differ.

    Source:
        reinert-intro, "Sigmoid Function", whose derivative is misprinted there as f(z)(1 - g(z)).

    >>> sigmoid_vjp([0.0, 1000.0], [1.0, 1.0])
    [0.25, 0.0]
    """
    require_cotangent(z, cotangent)

    def slope(entry: Number, gradient: Number) -> Number:
        f = standard_logistic(entry)
        return gradient * (f * (1 - f))

    return elementwise(slope, z, cotangent)


def logistic(z: Array, *, L: Number = 1.0, k: Number = 1.0, x_0: Number = 0.0) -> Array:
    """Rise from 0 to a height, steepest halfway up: the sigmoid of any height, steepness and place.

    Why: what the slide prints for the sigmoid. With other than its usual parameters it describes growth that is limited
    by what there is to grow on.

    Formula:
        f(z) = L/(1 + e^(-k·(z - x₀)))

    Args:
        z: an array of any shape.
        L: the height, a number above 0.
        k: the steepness, a number above 0.
        x_0: where half the height is reached, any number.

    Returns:
        An array of that shape, with entries in [0, L].

    Raises:
        InvalidArgument: if the array is empty or ragged, an entry isn't a number, or a parameter isn't as above.

    Source:
        reinert-intro, "Sigmoid Function".

    >>> logistic([3.0, 1e4, -1e4], L=8.0, k=0.5, x_0=3.0)
    [4.0, 8.0, 0.0]
    """
    require_array("z", z)
    require_logistic(L, k, x_0)
    return elementwise(lambda entry: multiply(L, standard_logistic(multiply(k, minus(entry, x_0)))), z)


def logistic_vjp(z: Array, cotangent: Array, *, L: Number = 1.0, k: Number = 1.0, x_0: Number = 0.0) -> Array:
    """Carry a gradient back through `logistic`; with a cotangent of ones, its derivative.

    Why: a step of backpropagation. A steeper curve multiplies the gradient around its middle, and leaves less of it
    elsewhere.

    Formula:
        cotangent·L·k·s·(1 - s), with s = f(z)/L and f the logistic function

    Args:
        z: the input of `logistic`, any shape.
        cotangent: the loss's gradient with respect to `logistic(z)`, same shape.
        L: as in `logistic`.
        k: as in `logistic`.
        x_0: as in `logistic`.

    Returns:
        The loss's gradient with respect to z, same shape.

    Raises:
        InvalidArgument: as `logistic`, and if the shapes differ.

    Source:
        reinert-intro, "Sigmoid Function", whose derivative leaves out L and k.

    >>> logistic_vjp([3.0, 1e4], [1.0, 1.0], L=8.0, k=0.5, x_0=3.0)
    [1.0, 0.0]
    """
    require_cotangent(z, cotangent)
    require_logistic(L, k, x_0)

    def slope(entry: Number, gradient: Number) -> Number:
        s = standard_logistic(multiply(k, minus(entry, x_0)))
        return gradient * multiply(multiply(L, k), s * (1 - s))

    return elementwise(slope, z, cotangent)


def tanh(z: Array) -> Array:
    """Squash every number into (-1, 1), odd and steepest at zero.

    Why: an activation centred on zero; the one inside recurrent cells.

    Formula:
        f(z) = (eᶻ - e⁻ᶻ)/(eᶻ + e⁻ᶻ)

    Args:
        z: an array of any shape.

    Returns:
        An array of that shape, with entries in [-1, 1].

    Raises:
        InvalidArgument: if the array is empty or ragged, or an entry isn't a number.

    Source:
        reinert-intro, "Hyperbolic Tangent".

    >>> tanh([0.0, 1000.0, -1000.0])
    [0.0, 1.0, -1.0]
    """
    require_array("z", z)
    return elementwise(hyperbolic_tangent, z)


def tanh_vjp(z: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `tanh`; with a cotangent of ones, its derivative.

    Why: a step of backpropagation.

    Formula:
        cotangent·(1 - f(z)²), with f the hyperbolic tangent

    Args:
        z: the input of `tanh`, any shape.
        cotangent: the loss's gradient with respect to `tanh(z)`, same shape.

    Returns:
        The loss's gradient with respect to z, same shape.

    Raises:
        InvalidArgument: as `tanh`, and if the shapes differ.

    Source:
        reinert-intro, "Hyperbolic Tangent": F'(z) = 1 - f(z)².

    >>> tanh_vjp([0.0, 1000.0], [3.0, 3.0])
    [3.0, 0.0]
    """
    require_cotangent(z, cotangent)

    def slope(entry: Number, gradient: Number) -> Number:
        f = hyperbolic_tangent(entry)
        return gradient * (1 - f * f)

    return elementwise(slope, z, cotangent)


def require_cotangent(z: Array, cotangent: Array) -> None:
    """Check an array, and a cotangent of its shape."""
    require_shape("cotangent", cotangent, require_array("z", z), "as z has")


def require_logistic(L: Number, k: Number, x_0: Number) -> None:
    """Check the height, the steepness and the place of a logistic function."""
    require_number("L", L, above=0)
    require_number("k", k, above=0)
    require_number("x_0", x_0)
