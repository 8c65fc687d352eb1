"""Gradients of gradients, as a graph asks for them by the kind "gradient": spelled out in kinds that there are.

The reference differentiates any kind by its computational graph. Here only what second derivatives of dense networks
need has a text of its own: the gradients of `relu_vjp`, `matrix_product_vjp` and `dense_vjp`; those of arithmetic, tanh
among it, `add_gradients` writes as arithmetic anyway. Whatever else a run asks for is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

from reference.errors import InvalidArgument

Shape = tuple[int, ...]
Entry = dict[str, Any]


def spelled_out(entry: Mapping[str, Any], shapes: Sequence[Shape]) -> list[Entry]:
    """The operations in the place of one of kind "gradient"; the last ones give what it would."""
    attributes, given = entry["attributes"], list(entry["inputs"])
    count, outputs = COUNTS[attributes["of"]]
    with_cotangent = list(attributes.get("outputs", range(outputs)))
    if len(given) != count + len(with_cotangent):
        wanted = f"{count + len(with_cotangent)} of them"
        raise InvalidArgument(f"inputs of gradient '{entry['name']}'", wanted, str(len(given)))
    text = Text(entry["name"])
    cotangents = dict(zip(with_cotangent, given[count:], strict=True))
    results = GRADIENTS[attributes["of"]](text, given[:count], [cotangents.get(n) for n in range(outputs)], shapes)
    for index, place in enumerate(attributes.get("towards", range(len(results)))):
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

    def total(self, shape: Shape, *shares: str | None) -> str:
        """The sum of those that there are; zeros if none is."""
        there = [share for share in shares if share is not None]
        return reduce(lambda one, other: self.add("add", one, other), there) if there else self.zeros(shape)


def _of_relu_vjp(text: Text, given: list[str], cotangents: list[str | None], shapes: Sequence[Shape]) -> list[str]:
    """d_z = 0, d_cotangent = u where z > 0."""
    [u] = cotangents
    return [text.zeros(shapes[0]), text.add("relu_vjp", given[0], u)]


def _of_matrix_product_vjp(
    text: Text, given: list[str], cotangents: list[str | None], shapes: Sequence[Shape]
) -> list[str]:
    """Of cotangent·bᵀ and aᵀ·cotangent, whose cotangents are u and v: cotangent·vᵀ, uᵀ·cotangent, u·b + a·v."""
    (a, b, cotangent), (u, v) = given, cotangents
    return [
        text.product(cotangent, text.turned(v)) if v else text.zeros(shapes[0]),
        text.product(text.turned(u), cotangent) if u else text.zeros(shapes[1]),
        text.total(shapes[2], text.product(u, b) if u else None, text.product(a, v) if v else None),
    ]


def _of_dense_vjp(text: Text, given: list[str], cotangents: list[str | None], shapes: Sequence[Shape]) -> list[str]:
    """As of a product's; the cotangent is also added up for the bias, whose cotangent each of its rows gets."""
    (inputs, weights, _, cotangent), (u, v, of_bias) = given, cotangents
    whole = [shapes[0], shapes[1], shapes[3]]
    of_inputs, of_weights, back = _of_matrix_product_vjp(text, [inputs, weights, cotangent], [u, v], whole)
    if of_bias:
        ones = text.add("fill", text.number(1), shape=(shapes[3][0], 1))
        row = text.add("reshape", of_bias, shape=(1, shapes[2][0]))
        back = text.total(shapes[3], back if u or v else None, text.product(ones, row))
    return [of_inputs, of_weights, text.zeros(shapes[2]), back]


#: Each takes the inputs of the kind, and for each of its outputs a cotangent, or nothing: nothing comes back from it.
GRADIENTS: dict[str, Callable[[Text, list[str], list[str | None], Sequence[Shape]], list[str]]] = {
    "relu_vjp": _of_relu_vjp,
    "matrix_product_vjp": _of_matrix_product_vjp,
    "dense_vjp": _of_dense_vjp,
}
#: How many inputs each takes, and how many outputs the kind has.
COUNTS = {"relu_vjp": (2, 1), "matrix_product_vjp": (3, 2), "dense_vjp": (4, 3)}
