"""On any numbers, errors stay within what the reference's algorithm could make in the worst order of summation."""

import numpy as np
import pytest

import fast.cpu as cpu

UNIT = cpu.PROFILE["float32"]["unit_roundoff"]


def gamma(n):
    """γₙ = n·u/(1 - n·u): the relative error of n roundings, one after the other (Higham, lemma 3.1)."""
    return n * UNIT / (1 - n * UNIT)


def numbers(*shape):
    """Numbers of widely different size, so that sums cancel."""
    rng = np.random.default_rng(shape)
    return (rng.standard_normal(shape) * np.exp2(rng.integers(-8, 9, shape))).astype(np.float32)


def assert_within(result, exact, allowed):
    # The float64 oracle makes 2⁻²⁹ of the allowed error itself; γ's terms of second order are larger.
    assert (np.abs(result.astype(np.float64) - exact) <= allowed).all()


@pytest.mark.parametrize(("n", "d", "h"), [(3, 2, 3), (50, 1000, 37), (100, 784, 200)])
def test_dense(n, d, h):
    x, w, b, g = numbers(n, d), numbers(d, h), numbers(h), numbers(n, h)
    wide = [array.astype(np.float64) for array in (x, w, b, g)]
    size = [np.abs(array) for array in wide]
    assert_within(cpu.dense(x, w, b), wide[0] @ wide[1] + wide[2], gamma(d + 1) * (size[0] @ size[1] + size[2]))
    gradients = cpu.dense_vjp(x, w, b, g)
    assert_within(gradients.inputs, wide[3] @ wide[1].T, gamma(h) * (size[3] @ size[1].T))
    assert_within(gradients.weights, wide[0].T @ wide[3], gamma(n) * (size[0].T @ size[3]))
    assert_within(gradients.bias, wide[3].sum(0), gamma(n) * size[3].sum(0))


def test_convolution():
    x, k = numbers(10, 14, 13, 24), numbers(6, 5, 24, 32)
    result = cpu.conv2d(x, k, strides=(2, 1))
    exact = cpu.conv2d(x.astype(np.float64), k.astype(np.float64), strides=(2, 1))
    size = cpu.conv2d(np.abs(x).astype(np.float64), np.abs(k).astype(np.float64), strides=(2, 1))
    assert_within(result, exact, gamma(6 * 5 * 24) * size)
    g = numbers(*result.shape)
    arrays = (x, k, g)
    exact = cpu.conv2d_vjp(*(array.astype(np.float64) for array in arrays), strides=(2, 1))
    size = cpu.conv2d_vjp(*(np.abs(array).astype(np.float64) for array in arrays), strides=(2, 1))
    gradients = cpu.conv2d_vjp(*arrays, strides=(2, 1))
    assert_within(gradients.images, exact.images, gamma(6 * 5 * 32) * size.images)
    assert_within(gradients.filters, exact.filters, gamma(g.size // 32) * size.filters)


def test_softmax_and_losses():
    """Each e^(z - m) has the relative error of its shift, |z - m|·u, and of exp; then come a sum and a quotient."""
    for rows, classes in [(1, 1), (3, 2), (300, 10), (7, 5000)]:
        z = (numbers(rows, classes) % 64).astype(np.float32)
        labels = np.eye(classes, dtype=np.float32)[np.arange(rows) % classes]
        wide = z.astype(np.float64)
        shift = wide.max(-1, keepdims=True) - wide
        powers = np.exp(-shift)
        exact = powers / powers.sum(-1, keepdims=True)
        ulps = 2 * cpu.PROFILE["float32"]["ulps"]["exp"]
        of_exp = shift * UNIT + ulps * UNIT
        of_sum = (powers * of_exp).sum(-1, keepdims=True) / powers.sum(-1, keepdims=True) + gamma(classes)
        # Relative errors add up; their products are less than the 2⁻¹⁰ by which the sum is widened here.
        relative = (of_exp + of_sum + UNIT) * (1 + 2.0**-10)
        smallest = float(np.finfo(np.float32).smallest_subnormal)
        assert_within(cpu.softmax(z), exact, exact * relative + 2 * smallest)
        losses = (labels * (np.log(powers.sum(-1, keepdims=True)) + shift)).sum(-1)
        allowed = (of_sum[:, 0] + (labels * shift).sum(-1) * UNIT + losses * UNIT) * (1 + 2.0**-10)
        assert_within(cpu.softmax_cross_entropy_with_logits(z, labels), losses, allowed)
        g = np.ones(rows, np.float32)
        allowed = exact * relative + np.abs(exact - labels) * gamma(3) + exact * gamma(classes) + 4 * smallest
        assert_within(cpu.softmax_cross_entropy_with_logits_vjp(z, labels, g), exact - labels, allowed)
