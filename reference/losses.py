"""Losses: how far a network's output is from what it should be, and how that distance changes with the output."""

from __future__ import annotations

from reference.arrays import Array, Number, dot, elementwise, require_array, require_shape, total
from reference.elementary import (
    entry_at,
    exp,
    log,
    maximum,
    over,
    shift_by_maximum,
    sigmoid,
    times_log,
    weigh,
    where_same,
)
from reference.errors import InvalidArgument, is_integer
from reference.softmax import log_softmax_of_row, softmax_of_row

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_vjp",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_vjp",
    "cross_entropy",
    "cross_entropy_vjp",
    "empirical_loss",
    "mean_squared_error",
    "mean_squared_error_vjp",
    "negative_log_likelihood",
    "negative_log_likelihood_vjp",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_vjp",
    "sparse_softmax_cross_entropy_with_logits",
    "sparse_softmax_cross_entropy_with_logits_vjp",
]


def empirical_loss(losses: Array) -> Number:
    """The mean of the losses of all examples: the one number that training makes small.

    Why: every other function here says how wrong a network is about each example; a step of gradient descent needs to
    know how wrong it is on the whole.

    Formula:
        J = 1/N·Σₙ losses[n]

    Args:
        losses: [N], one for each example.

    Returns:
        A number.

    Raises:
        InvalidArgument: if the array is empty, has other axes, or an entry isn't a number.

    Source:
        reinert-intro, "Common Loss Functions": J(W) = 1/n Σ L(f(x; W), y), and tf.reduce_mean.

    >>> empirical_loss([0.5, 0.25, 3.0])
    1.25
    """
    require_array("losses", losses, "N")
    return total(losses) / len(losses)


def mean_squared_error(predictions: Array, targets: Array) -> Array:
    """The mean of the squared differences between an example's outputs and what they should be.

    Why: the loss of regression, where outputs are any numbers. Twice as far off counts four times as much.

    Formula:
        loss[n] = 1/K·Σₖ (predictions[n, k] - targets[n, k])²
        With multiplied-out squares, an infinite difference may as well make NaN.

    Args:
        predictions: [N, K], any numbers.
        targets: [N, K], any numbers.

    Returns:
        [N], entries ≥ 0. Their mean is what the slide calls J, for networks of one output.

    Raises:
        InvalidArgument: if the shapes differ, an array is empty, or an entry isn't a number.

    Source:
        reinert-intro, "Common Loss Functions": Mean Squared Error Loss, 1/n Σ (y - f(x; W))².

    >>> mean_squared_error([[2.5, 0.0], [1.0, 1.0]], [[0.5, 1.0], [1.0, 1.0]])
    [2.5, 0.0]
    """
    require_shape("targets", targets, require_array("predictions", predictions, "N K"), "as predictions has")
    differences = elementwise(lambda prediction, target: prediction - target, predictions, targets)
    return [dot(row, row) / len(row) for row in differences]


def mean_squared_error_vjp(predictions: Array, targets: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `mean_squared_error`, to its predictions.

    Why: the first step of backpropagation through a regression: what comes back is how far off each output was.

    Formula:
        d predictions[n, k] = cotangent[n]/K·2·(predictions[n, k] - targets[n, k])

    Args:
        predictions: [N, K].
        targets: [N, K].
        cotangent: [N], the gradient with respect to each example's loss.

    Returns:
        [N, K], the gradient with respect to the predictions.

    Raises:
        InvalidArgument: as the loss, and if the cotangent isn't one number an example.

    Source:
        reinert-intro, "Loss Optimization by Gradient Descent": tf.gradients(ys=loss, xs=weights).

    >>> mean_squared_error_vjp([[2.5, 0.0]], [[0.5, 1.0]], [1.0])
    [[2.0, -1.0]]
    """
    examples, outputs = require_array("predictions", predictions, "N K")
    require_shape("targets", targets, (examples, outputs), "as predictions has")
    require_shape("cotangent", cotangent, (examples,), "of the losses")
    shares = [gradient / outputs for gradient in cotangent]
    return [
        [share * (2 * (prediction - target)) for prediction, target in zip(row, row_targets, strict=True)]
        for row, row_targets, share in zip(predictions, targets, shares, strict=True)
    ]


def cross_entropy(probabilities: Array, labels: Array) -> Array:
    """The cross entropy between label distributions and computed probabilities, one number an example.

    Why: the loss of a classifier that outputs probabilities. Where a label is 0 its class contributes 0, even if the
    computed probability is 0 too.

    Formula:
        loss[n] = -Σᵢ labels[n, i]·log(probabilities[n, i]), with 0·log(p) = 0 for any p; 0·log(NaN) may as well be NaN

    Args:
        probabilities: [N, K], entries in [0, 1].
        labels: [N, K], a distribution over the classes in each row, usually one-hot.

    Returns:
        [N], entries ≥ 0, infinite where a labelled class was given probability 0.

    Raises:
        InvalidArgument: if the shapes differ, an array is empty, or an entry isn't a number.

    Source:
        ruppert-ml2, "Cross Entropy Loss": -Σ Y'ᵢ·log(Yᵢ).

    >>> cross_entropy([[0.25, 0.75], [0.0, 1.0]], [[1, 0], [0, 1]])
    [1.3862943611198906, 0.0]
    """
    require_shape("labels", labels, require_array("probabilities", probabilities, "N K"), "as probabilities has")
    return [
        0 - total(times_log(label, probability) for label, probability in zip(row_labels, row, strict=True))
        for row, row_labels in zip(probabilities, labels, strict=True)
    ]


def cross_entropy_vjp(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `cross_entropy`, to its probabilities.

    Why: a step of backpropagation, where the probabilities don't come from softmax. It grows without bound as a
    labelled class gets less probable, which is why the two are computed together where they follow each other.

    Formula:
        d probabilities[n, i] = -cotangent[n]·labels[n, i]/probabilities[n, i], with 0/p = 0 for any p
        A label of 0 beside an infinite cotangent or a probability of NaN may as well make NaN.

    Args:
        probabilities: [N, K], entries in [0, 1].
        labels: [N, K].
        cotangent: [N], the gradient with respect to each example's loss.

    Returns:
        [N, K], the gradient with respect to the probabilities.

    Raises:
        InvalidArgument: as the loss, and if the cotangent isn't one number an example.

    Source:
        ruppert-ml2, "Cross Entropy Loss": the derivative of -Σ Y'ᵢ·log(Yᵢ).

    >>> cross_entropy_vjp([[0.25, 0.75], [0.0, 1.0]], [[1, 0], [0, 1]], [1.0, 1.0])
    [[-4.0, 0.0], [0.0, -1.0]]
    """
    examples, classes = require_array("probabilities", probabilities, "N K")
    require_shape("labels", labels, (examples, classes), "as probabilities has")
    require_shape("cotangent", cotangent, (examples,), "of the losses")
    return [
        [0 - weigh(over(label, probability), gradient) for label, probability in zip(row_labels, row, strict=True)]
        for row, row_labels, gradient in zip(probabilities, labels, cotangent, strict=True)
    ]


def softmax_cross_entropy_with_logits(logits: Array, labels: Array) -> Array:
    """`cross_entropy` of `softmax`, computed together so that no probability underflows to 0 on the way.

    Why: the loss that classifiers are trained with.

    Formula:
        loss[n] = Σᵢ labels[n, i]·(log Σⱼ e^(zⱼ - m) - (zᵢ - m)), with z = logits[n], m = maxⱼ zⱼ
        A label of 0 beside a logit of -∞ makes it NaN; leaving that class out is as right.

    Args:
        logits: [N, K], unnormalized scores.
        labels: [N, K], a distribution over the classes in each row, usually one-hot.

    Returns:
        [N], entries ≥ 0.

    Raises:
        InvalidArgument: if the shapes differ, an array is empty, or an entry isn't a number.

    Source:
        reinert-intro, "Common Loss Functions": tf.nn.softmax_cross_entropy_with_logits.

    >>> softmax_cross_entropy_with_logits([[1000.0, 0.0]], [[0.0, 1.0]])
    [1000.0]
    """
    require_shape("labels", labels, require_array("logits", logits, "N K"), "as logits has")
    losses = []
    for row, row_labels in zip(logits, labels, strict=True):
        shifted = shift_by_maximum(row)
        log_normalizer = log(total(exp(score) for score in shifted))
        losses.append(total(weigh(label, log_normalizer - z) for label, z in zip(row_labels, shifted, strict=True)))
    return losses


def softmax_cross_entropy_with_logits_vjp(logits: Array, labels: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `softmax_cross_entropy_with_logits`, to its logits.

    Why: the first step of backpropagation through a classifier. With labels that sum to 1 it is the slides' favourite
    surprise: what comes back is prediction minus label.

    Formula:
        d logits[n, i] = cotangent[n]·(softmax(logits[n])ᵢ·Σⱼ labels[n, j] - labels[n, i])
        An infinite cotangent may as well be multiplied with both sides of the difference, which makes NaN.

    Args:
        logits: [N, K].
        labels: [N, K].
        cotangent: [N], the loss's gradient with respect to each example's loss.

    Returns:
        [N, K], the gradient with respect to the logits.

    Raises:
        InvalidArgument: as the loss, and if the cotangent isn't one number an example.

    Source:
        ruppert-ml2, "Forward and Back Propagation": the error is computed on the output layer.

    >>> softmax_cross_entropy_with_logits_vjp([[0.0, 0.0]], [[1, 0]], [1.0])
    [[-0.5, 0.5]]
    """
    examples, classes = require_array("logits", logits, "N K")
    require_shape("labels", labels, (examples, classes), "as logits has")
    require_shape("cotangent", cotangent, (examples,), "of the losses")
    weights = map(total, labels)
    return [
        [gradient * (probability * weight - label) for probability, label in zip(row, row_labels, strict=True)]
        for row, row_labels, weight, gradient in zip(
            map(softmax_of_row, logits), labels, weights, cotangent, strict=True
        )
    ]


def sparse_softmax_cross_entropy_with_logits(logits: Array, labels: Array) -> Array:
    """`softmax_cross_entropy_with_logits` with labels that name a class instead of weighing all of them.

    Why: most examples belong to one class. A one-hot row for each label would be as long as the list of all classes,
    which for words is a hundred thousand.

    Formula:
        loss[n] = log Σⱼ e^(zⱼ - m) - (z_label - m), with z = logits[n], m = maxⱼ zⱼ, label = labels[n]

    Args:
        logits: [N, K], unnormalized scores.
        labels: [N], the index of each example's class, an integer from 0 to K - 1.

    Returns:
        [N], entries ≥ 0.

    Raises:
        InvalidArgument: if an array is empty, an entry of the logits isn't a number, or the labels aren't one index of
            a class for each example.

    Source:
        reinert-intro, "Common Loss Functions": tf.nn.softmax_cross_entropy_with_logits, for labels as ruppert-ml2,
        "PyTorch", has them.

    >>> sparse_softmax_cross_entropy_with_logits([[1000.0, 0.0]], [1])
    [1000.0]
    """
    require_class_indices(labels, require_array("logits", logits, "N K"))
    return [0 - entry_at(log_softmax_of_row(row), label) for row, label in zip(logits, labels, strict=True)]


def sparse_softmax_cross_entropy_with_logits_vjp(logits: Array, labels: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `sparse_softmax_cross_entropy_with_logits`, to its logits.

    Why: the first step of backpropagation through a classifier: prediction minus label.

    Formula:
        d logits[n, i] = cotangent[n]·(softmax(logits[n])ᵢ - [i = labels[n]])
        An infinite cotangent may as well be multiplied with both sides of the difference, which makes NaN.

    Args:
        logits: [N, K].
        labels: [N], the index of each example's class, an integer from 0 to K - 1.
        cotangent: [N], the gradient with respect to each example's loss.

    Returns:
        [N, K], the gradient with respect to the logits.

    Raises:
        InvalidArgument: as the loss, and if the cotangent isn't one number an example.

    Source:
        ruppert-ml2, "PyTorch": loss.backward().

    >>> sparse_softmax_cross_entropy_with_logits_vjp([[0.0, 0.0]], [0], [1.0])
    [[-0.5, 0.5]]
    """
    examples, classes = require_array("logits", logits, "N K")
    require_class_indices(labels, (examples, classes))
    require_shape("cotangent", cotangent, (examples,), "of the losses")
    return [
        [gradient * where_same(label, i, probability - 1, probability) for i, probability in enumerate(row)]
        for row, label, gradient in zip(map(softmax_of_row, logits), labels, cotangent, strict=True)
    ]


def negative_log_likelihood(log_probabilities: Array, labels: Array) -> Array:
    """How unlikely the right class was, in logarithms: what `log_softmax` says of it, without the minus.

    Why: a likelihood of many examples is a product, which underflows; its logarithm is a sum. After `log_softmax` this
    is the cross entropy of a classifier.

    Formula:
        loss[n] = -log_probabilities[n, labels[n]]

    Args:
        log_probabilities: [N, K], entries ≤ 0.
        labels: [N], the index of each example's class, an integer from 0 to K - 1.

    Returns:
        [N], entries ≥ 0.

    Raises:
        InvalidArgument: if an array is empty, an entry of the log-probabilities isn't a number, or the labels aren't
            one index of a class for each example.

    Source:
        ruppert-ml2, "PyTorch": loss = criterion(logps, labels) after nn.LogSoftmax; the criterion, which the slide
        leaves out, is nn.NLLLoss with reduction="none".

    >>> negative_log_likelihood([[-0.5, -1.25], [-2.0, -0.25]], [1, 0])
    [1.25, 2.0]
    """
    require_class_indices(labels, require_array("log_probabilities", log_probabilities, "N K"))
    return [0 - entry_at(row, label) for row, label in zip(log_probabilities, labels, strict=True)]


def negative_log_likelihood_vjp(log_probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `negative_log_likelihood`: only the right class hears of it.

    Why: the first step of backpropagation through a classifier that ends in `log_softmax`, whose gradient tells the
    other classes.

    Formula:
        d log_probabilities[n, i] = -cotangent[n] if i = labels[n] else 0

    Args:
        log_probabilities: [N, K].
        labels: [N], the index of each example's class, an integer from 0 to K - 1.
        cotangent: [N], the gradient with respect to each example's loss.

    Returns:
        [N, K], the gradient with respect to the log-probabilities.

    Raises:
        InvalidArgument: as the loss, and if the cotangent isn't one number an example.

    Source:
        ruppert-ml2, "PyTorch": loss.backward().

    >>> negative_log_likelihood_vjp([[-0.5, -1.25]], [1], [3.0])
    [[0, -3.0]]
    """
    examples, classes = require_array("log_probabilities", log_probabilities, "N K")
    require_class_indices(labels, (examples, classes))
    require_shape("cotangent", cotangent, (examples,), "of the losses")
    return [
        [where_same(label, place, 0 - gradient, 0) for place in range(classes)]
        for label, gradient in zip(labels, cotangent, strict=True)
    ]


def binary_cross_entropy(probabilities: Array, labels: Array) -> Array:
    """The cross entropy of questions with two answers: of each, how likely yes is, and what was right.

    Why: the loss of a network whose output is one number between 0 and 1; of several outputs each is a question of its
    own, so that an example may have several labels or none.

    Formula:
        loss = -(y·log(p) + (1 - y)·log(1 - p)), with 0·log(x) = 0 for any x; 0·log(NaN) may as well be NaN

    Args:
        probabilities: an array of any shape, entries in [0, 1].
        labels: the same shape: 1 for yes, 0 for no, or anything between.

    Returns:
        An array of that shape, entries ≥ 0, infinite where what was right had probability 0.

    Raises:
        InvalidArgument: if the shapes differ, an array is empty, or an entry isn't a number.

    Source:
        reinert-intro, "Common Loss Functions": Binary Cross Entropy Loss, where the minus is missing.

    >>> binary_cross_entropy([0.25, 0.0, 1.0], [1, 0, 0])
    [1.3862943611198906, 0.0, inf]
    """
    require_shape("labels", labels, require_array("probabilities", probabilities), "as probabilities has")
    return elementwise(lambda p, y: 0 - (times_log(y, p) + times_log(1 - y, 1 - p)), probabilities, labels)


def binary_cross_entropy_vjp(probabilities: Array, labels: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `binary_cross_entropy`, to its probabilities.

    Why: a step of backpropagation, where the probabilities don't come from a sigmoid.

    Formula:
        d p = cotangent·((1 - y)/(1 - p) - y/p), with 0/x = 0 for any x
        An infinite cotangent may as well be multiplied with both sides of the difference, which makes NaN.

    Args:
        probabilities: an array of any shape, entries in [0, 1].
        labels: the same shape.
        cotangent: the same shape, the gradient with respect to the loss.

    Returns:
        An array of that shape, the gradient with respect to the probabilities.

    Raises:
        InvalidArgument: as the loss, and if the cotangent is of another shape.

    Source:
        reinert-intro, "Common Loss Functions": the derivative of the Binary Cross Entropy Loss.

    >>> binary_cross_entropy_vjp([0.25, 0.25, 1.0], [1, 0, 1], [3.0, 3.0, 3.0])
    [-12.0, 4.0, -3.0]
    """
    require_cotangent_of_entries("probabilities", probabilities, labels, cotangent)

    def slope(p: Number, y: Number, gradient: Number) -> Number:
        return gradient * (over(1 - y, 1 - p) - over(y, p))

    return elementwise(slope, probabilities, labels, cotangent)


def binary_cross_entropy_with_logits(logits: Array, labels: Array) -> Array:
    """`binary_cross_entropy` of `sigmoid`, computed together so that no probability becomes 0 or 1 on the way.

    Why: the loss that classifiers of two classes are trained with. 1 - σ(z) = σ(-z), and neither logarithm ever meets
    a 0: -log σ(z) is softplus(-z).

    Formula:
        loss = y·softplus(-z) + (1 - y)·softplus(z), with softplus(z) = max(z, 0) + log(1 + e^-|z|)
        A factor of 0 beside an infinite logit makes it NaN; leaving that term out is as right. So is NaN where
        softplus(z) - y·z is computed, ∞ - ∞ for a logit of ∞.

    Args:
        logits: an array of any shape, unnormalized scores.
        labels: the same shape: 1 for yes, 0 for no, or anything between.

    Returns:
        An array of that shape, entries ≥ 0.

    Raises:
        InvalidArgument: if the shapes differ, an array is empty, or an entry isn't a number.

    Source:
        reinert-intro, "Common Loss Functions": the formula of the Binary Cross Entropy Loss, for which the code beside
        it should be tf.nn.sigmoid_cross_entropy_with_logits.

    >>> binary_cross_entropy_with_logits([1000.0, 1000.0, 0.0], [1, 0, 1])
    [0.0, 1000.0, 0.6931471805599453]
    """
    require_shape("labels", labels, require_array("logits", logits), "as logits has")

    def loss(z: Number, y: Number) -> Number:
        rest = log(1 + exp(0 - maximum(z, 0 - z)))
        return weigh(y, maximum(0 - z, 0) + rest) + weigh(1 - y, maximum(z, 0) + rest)

    return elementwise(loss, logits, labels)


def binary_cross_entropy_with_logits_vjp(logits: Array, labels: Array, cotangent: Array) -> Array:
    """Carry a gradient back through `binary_cross_entropy_with_logits`, to its logits: prediction minus label.

    Why: the first step of backpropagation through a classifier of two classes.

    Formula:
        d z = cotangent·(σ(z) - y), with σ the sigmoid
        An infinite cotangent may as well be multiplied with both sides of the difference, which makes NaN.

    Args:
        logits: an array of any shape.
        labels: the same shape.
        cotangent: the same shape, the gradient with respect to the loss.

    Returns:
        An array of that shape, the gradient with respect to the logits.

    Raises:
        InvalidArgument: as the loss, and if the cotangent is of another shape.

    Source:
        reinert-intro, "Sigmoid Function" and "Common Loss Functions": the product of their derivatives.

    >>> binary_cross_entropy_with_logits_vjp([0.0, 1000.0], [1, 0], [8.0, 8.0])
    [-4.0, 8.0]
    """
    require_cotangent_of_entries("logits", logits, labels, cotangent)
    return elementwise(lambda z, y, gradient: gradient * (sigmoid(z) - y), logits, labels, cotangent)


def require_class_indices(labels: Array, scores: tuple[int, ...]) -> None:
    """Check that labels are one index of a class for each example of [N, K]."""
    examples, classes = scores
    require_shape("labels", labels, (examples,), f"for {examples} examples")
    for label in labels:
        if not (is_integer(label) and 0 <= label < classes):
            wanted = f"the index of a class, an integer from 0 to {classes - 1}, for each example"
            raise InvalidArgument("labels", wanted, f"{label!r} among them")


def require_cotangent_of_entries(argument: str, outputs: Array, labels: Array, cotangent: Array) -> None:
    """Check outputs, labels and a cotangent, all of one shape."""
    lengths = require_array(argument, outputs)
    require_shape("labels", labels, lengths, f"as {argument} has")
    require_shape("cotangent", cotangent, lengths, "of the losses")
