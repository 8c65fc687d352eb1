"""Drawing losses, and their laws."""

from __future__ import annotations

from typing import Any

from conformance.drawing import Draw
from conformance.laws import Law, exact


def cross_entropy(draw: Draw) -> dict[str, Any]:
    rows, classes = draw.sizes(3, 5, long=20)
    return {"probabilities": draw.array(rows, classes, positive=True), "labels": draw.distributions(rows, classes)}


def cross_entropy_of_a_certain_and_right_answer_is_zero(draw: Draw, law: Law) -> None:
    rows, classes = draw.sizes(4, 6)
    labels = draw.distributions(rows, classes)
    law.agree(law.run((labels > 0).astype(draw.dtype), labels), 0)


def cross_entropy_is_linear_in_its_labels(draw: Draw, law: Law) -> None:
    probabilities, labels = cross_entropy(draw).values()
    law.agree(law.run(probabilities, 2 * labels), 2 * law.run(probabilities, labels))


def softmax_cross_entropy_with_logits(draw: Draw) -> dict[str, Any]:
    rows, classes = draw.sizes(3, 5, long=20)
    return {"logits": draw.array(rows, classes), "labels": draw.distributions(rows, classes)}


def softmax_cross_entropy_with_logits_is_shift_invariant(draw: Draw, law: Law) -> None:
    logits, labels = softmax_cross_entropy_with_logits(draw).values()
    shift = draw.dtype.type(draw.integer(-1000, 1000))
    law.agree(law.run(logits, labels), law.run(logits + shift, labels))


def softmax_cross_entropy_with_logits_vjp(draw: Draw) -> dict[str, Any]:
    arguments = softmax_cross_entropy_with_logits(draw)
    return {**arguments, "cotangent": draw.array(len(arguments["logits"]))}


def softmax_cross_entropy_with_logits_vjp_sums_to_zero_over_the_classes(draw: Draw, law: Law) -> None:
    logits, labels, cotangent = softmax_cross_entropy_with_logits_vjp(draw).values()
    law.agree(law.run(logits, labels, cotangent).sum(axis=-1), 0)


def softmax_cross_entropy_with_logits_vjp_is_linear_in_its_cotangent(draw: Draw, law: Law) -> None:
    logits, labels, cotangent = softmax_cross_entropy_with_logits_vjp(draw).values()
    ones = law.run(logits, labels, cotangent * 0 + 1)
    law.agree(law.run(logits, labels, cotangent), ones * exact(cotangent)[:, None])
