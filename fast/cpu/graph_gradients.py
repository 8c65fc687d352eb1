"""Gradients of gradients, as a graph asks for them by the kind "gradient": spelled out in kinds that there are.

The reference differentiates any kind by its computational graph. Here only what second derivatives of dense networks
need has a text of its own: the gradients of `relu_vjp`, `matrix_product_vjp` and `dense_vjp`; those of arithmetic, tanh
among it, `add_gradients` writes as arithmetic anyway. Whatever else a run asks for is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reference.errors import InvalidArgument

Shape = tuple[int, ...]
Entry = dict[str, Any]


def spelled_out(entry: Mapping[str, Any], shapes: Sequence[Shape]) -> list[Entry]:
    """The operations in the place of one of kind "gradient"; the last ones give what it would."""
    of = entry["attributes"]["of"]
    if len(shapes) != COUNTS[of]:
        raise InvalidArgument(f"inputs of gradient '{entry['name']}'", f"{COUNTS[of]} of them", str(len(shapes)))
    text = Text(entry["name"])
    results = GRADIENTS[of](text, list(entry["inputs"]), shapes)
    for index, place in enumerate(entry["attributes"].get("towards", range(len(results)))):
        # A multiplication by 1 changes no bit, and gives the result the name that the graph knows it by.
        text.add("multiply", results[place], text.number(1), outputs=[f"{entry['name']}:{index}"])
    text.entries[-1]["name"] = entry["name"]
    return text.entries


class Text:
    """Operations that are written down one after the other."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.entries: list[Entry] = []

    def add(self, kind: str, *inputs: str, outputs: Sequence[str] = (), **attributes: Any) -> str:
        """Write an operation down; returns the name of its output."""
        name = f"{self.name} ({kind} {len(self.entries)})"
        self.entries.append(
            {
                "name": name,
                "kind": kind,
                "inputs": list(inputs),
                "attributes": attributes,
                "outputs": list(outputs) or [f"{name}:0"],
            }
        )
        return self.entries[-1]["outputs"][0]

    def number(self, value: int) -> str:
        return self.add("constant", value=value)

    def zeros(self, shape: Shape) -> str:
        return self.add("fill", self.number(0), shape=shape)

    def product(self, a: str, b: str) -> str:
        return self.add("matrix_product", a, b)

    def turned(self, matrix: str) -> str:
        return self.add("transpose", matrix)


def _of_relu_vjp(text: Text, given: list[str], shapes: Sequence[Shape]) -> list[str]:
    """d_z = 0, d_cotangent = u where z > 0."""
    z, _, u = given
    return [text.zeros(shapes[0]), text.add("relu_vjp", z, u)]


def _of_matrix_product_vjp(text: Text, given: list[str], shapes: Sequence[Shape]) -> list[str]:
    """Of cotangent·bᵀ and aᵀ·cotangent, whose cotangents are u and v: cotangent·vᵀ, uᵀ·cotangent, u·b + a·v."""
    a, b, cotangent, u, v = given
    back = text.add("add", text.product(u, b), text.product(a, v))
    return [text.product(cotangent, text.turned(v)), text.product(text.turned(u), cotangent), back]


def _of_dense_vjp(text: Text, given: list[str], shapes: Sequence[Shape]) -> list[str]:
    """As of a product's; the cotangent is also added up for the bias, whose cotangent each of its rows gets."""
    inputs, weights, _, cotangent, u, v, of_bias = given
    of_inputs, of_weights, back = _of_matrix_product_vjp(text, [inputs, weights, cotangent, u, v], shapes)
    ones = text.add("fill", text.number(1), shape=(shapes[3][0], 1))
    row = text.add("reshape", of_bias, shape=(1, shapes[2][0]))
    return [of_inputs, of_weights, text.zeros(shapes[2]), text.add("add", back, text.product(ones, row))]


GRADIENTS: dict[str, Callable[[Text, list[str], Sequence[Shape]], list[str]]] = {
    "relu_vjp": _of_relu_vjp,
    "matrix_product_vjp": _of_matrix_product_vjp,
    "dense_vjp": _of_dense_vjp,
}
#: How many inputs each takes: those of the kind, and a cotangent for each of its outputs.
COUNTS = {"relu_vjp": 3, "matrix_product_vjp": 5, "dense_vjp": 7}
