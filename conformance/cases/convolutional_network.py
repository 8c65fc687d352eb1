"""Drawing convolutional networks, and their laws."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from conformance.declarations import case, law
from conformance.drawing import Draw
from conformance.laws import Trial
from conformance.spaces import Configuration, Space

#: Which convolutions there can be; the axes of each are numbered.
LAYERS = (0, 1, 2)


class _Convolution:
    """One convolution of a configuration, or of columns of them: its image's size and channels, and what it makes."""

    def __init__(self, c: Configuration, layer: int, rows: Any, columns: Any, channels: Any) -> None:
        self.rows, self.columns, self.channels = rows, columns, channels
        self.kernel, self.units, self.stride = c[f"K{layer}"], c[f"F{layer}"], c[f"S{layer}"]
        self.used = c.convolutions > layer


def _convolutions(c: Configuration) -> Iterator[_Convolution]:
    """The convolutions one after the other. Those that aren't used have a stride of 1 and one filter of one place."""
    rows, columns, channels = c.H, c.W, c.C
    for layer in LAYERS:
        here = _Convolution(c, layer, rows, columns, channels)
        yield here
        rows, columns = -(-rows // here.stride), -(-columns // here.stride)
        channels = np.where(here.used, here.units, channels)


def _features(c: Configuration) -> Any:
    """How many numbers a convolved image has."""
    *_, last = _convolutions(c)
    units = np.where(last.used, last.units, last.channels)
    return -(-last.rows // last.stride) * -(-last.columns // last.stride) * units


def _work(c: Configuration) -> Any:
    of_dense = np.where(c.layers > 1, _features(c) * c.U + c.U * c.classes, _features(c) * c.classes)
    total = 6 * c.N * of_dense
    for here in _convolutions(c):
        places = -(-here.rows // here.stride) * -(-here.columns // here.stride)
        products = places * here.kernel**2 * here.channels * here.units
        total = total + 6 * c.N * products * here.used
    return total


def _is_a_network(c: Configuration) -> Any:
    """Whether the axes of layers beyond the last are 1, and each convolution sees every pixel."""
    valid = (c.layers >= 2) | (c.U == 1)
    for layer in LAYERS:
        alone = (c[f"K{layer}"] == 1) & (c[f"F{layer}"] == 1) & (c[f"S{layer}"] == 1)
        valid = valid & ((c.convolutions > layer) | alone) & _no_pixel_is_passed_over(c, layer)
    return valid


def _no_pixel_is_passed_over(c: Configuration, layer: int) -> Any:
    """A network of layers that don't look at all pixels is none that anybody builds; `conv2d` is swept with those."""
    return c[f"K{layer}"] >= c[f"S{layer}"]


#: N images H×W×C through one to three convolutions, layer l with F_l filters K_l×K_l at stride S_l, and one or two
#: dense layers.
CONVOLUTIONAL_NETWORKS = Space(
    sizes={
        "N": (1, 2, 3, 4, 5, 9),
        "H": (1, 2, 3, 4, 5, 6, 7, 8, 9),
        "W": (1, 2, 3, 4, 5, 6, 7, 8, 9, 17),
        "C": (1, 2, 3, 4, 5, 8),
        **dict.fromkeys(("K0", "K1", "K2"), (1, 2, 3, 4, 5, 6)),
        **dict.fromkeys(("F0", "F1", "F2"), (1, 2, 3, 4, 5, 8, 9, 17)),
        "U": (1, 2, 3, 4, 5, 8, 9, 17),
        "classes": (1, 2, 3, 4, 5, 10),
    },
    choices={"convolutions": (1, 2, 3), "layers": (1, 2), **dict.fromkeys(("S0", "S1", "S2"), (1, 2, 3))},
    small={
        "N": (1, 2, 3),
        "H": range(1, 5),
        "W": range(1, 5),
        "C": (1, 2),
        **dict.fromkeys(("K0", "K1", "K2"), (1, 2, 3)),
        **dict.fromkeys(("F0", "F1", "F2"), (1, 2, 3)),
        "U": (1, 2, 3),
        "classes": (1, 2, 3),
    },
    valid=_is_a_network,
    steps=lambda c: _work(c) // (6 * c.N),
    work=_work,
    common={
        "the slides' network, smaller": {
            **dict.fromkeys(("N", "K0", "F0", "K1", "F1", "S1", "K2", "S2", "U", "layers", "classes"), 2),
            **dict.fromkeys(("H", "W", "convolutions"), 3),
        },
        "one convolution of an odd image": {"N": 3, "H": 5, "W": 3, "C": 2, "K0": 2, "F0": 2, "S0": 2, "classes": 3},
    },
)


@case(CONVOLUTIONAL_NETWORKS)
def convolutional_backpropagation(draw: Draw, c: Configuration) -> dict[str, Any]:
    used = [here for here in _convolutions(c) if here.used]
    units = [int(_features(c)), *[c.U] * (c.layers - 1), c.classes]
    rate = draw.choice(0.5, 0.0, 0.75)
    mask = np.maximum(draw.signs(c.N * units[-2]), 0 if rate else 1).reshape(c.N, units[-2])
    return {
        "images": draw.array(c.N, c.H, c.W, c.C),
        "filters": tuple(draw.array(here.kernel, here.kernel, int(here.channels), here.units) for here in used),
        "filter_biases": tuple(draw.array(here.units) for here in used),
        "weights": tuple(draw.array(*pair) for pair in pairwise(units)),
        "biases": tuple(draw.array(count) for count in units[1:]),
        "labels": draw.distributions(c.N, c.classes),
        "mask": mask,
        "strides": tuple(here.stride for here in used),
        "rate": rate,
    }


@law(convolutional_backpropagation)
def convolutional_backpropagation_gives_output_biases_gradients_that_sum_to_zero(draw: Draw, trial: Trial) -> None:
    """Softmax doesn't feel a common shift of its logits, so no gradient pushes that way."""
    *arrays, strides, rate = convolutional_backpropagation(draw).values()
    trial.agree(trial.run(*arrays, strides=strides, rate=rate).biases[-1].sum(), 0)


@law(convolutional_backpropagation)
def convolutional_backpropagation_learns_nothing_from_dropped_units(draw: Draw, trial: Trial) -> None:
    """A unit that dropout deactivates in every example adds nothing to any logit: its weights' gradients are 0."""
    *arrays, _, strides, _ = convolutional_backpropagation(draw).values()
    weights, rate = arrays[3], draw.choice(0.5, 0.75)
    units, dropped = len(weights[-1]), draw.integer(0, len(weights[-1]) - 1)
    mask = np.tile((np.arange(units) != dropped).astype(int), (len(arrays[0]), 1))
    result = trial.run(*arrays, mask, strides=strides, rate=rate)
    trial.agree(result.weights[-1][dropped], np.zeros(weights[-1].shape[1]))
