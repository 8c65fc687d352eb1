"""Pooling against a search through every pixel, and what is said of bad input."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from reference import InvalidArgument
from tests.reference.support import leaves, many, random_fractions, seeds

sizes, steps = st.integers(1, 6), st.integers(1, 4)


def covers(place: int, pixel: int, size: int, window: int, step: int, padding: str) -> bool:
    """Whether a window reaches a pixel, along one axis."""
    reach = (math.ceil(size / step) - 1) * step + window
    before = max(reach - size, 0) // 2 if padding == "same" else 0
    return place * step <= pixel + before < place * step + window


@given(seeds, sizes, sizes, steps, steps, steps, steps, st.sampled_from(["valid", "same"]))
@many
def test_every_output_is_the_largest_pixel_that_its_window_reaches(
    seed, rows, columns, height, width, down, right, padding
):
    if padding == "valid":
        height, width = min(height, rows), min(width, columns)
    images = random_fractions(seed)(1, rows, columns, 2)
    options = {"pool_size": (height, width), "strides": (down, right), "padding": padding}
    came = reference.max_pool2d(images, **options)
    cotangent = random_fractions(seed + 1)(*reference.shape(came))
    gradients = reference.max_pool2d_vjp(images, cotangent, **options)
    wanted = {}
    for i, j, c in itertools.product(range(len(came[0])), range(len(came[0][0])), range(2)):
        reached = [
            (r, s)
            for r, s in itertools.product(range(rows), range(columns))
            if covers(i, r, rows, height, down, padding) and covers(j, s, columns, width, right, padding)
        ]
        values = [images[0][r][s][c] for r, s in reached]
        assert came[0][i][j][c] == max(values)
        winner = (*reached[values.index(max(values))], c)
        wanted[winner] = wanted.get(winner, 0) + cotangent[0][i][j][c]
    for r, s, c in itertools.product(range(rows), range(columns), range(2)):
        assert gradients[0][r][s][c] == wanted.get((r, s, c), 0)
    assert sum(leaves(gradients)) == sum(leaves(cotangent))


@given(seeds, sizes, sizes, steps, steps, steps, steps, st.sampled_from(["valid", "same"]))
@many
def test_every_average_is_the_mean_of_the_pixels_that_its_window_reaches(
    seed, rows, columns, height, width, down, right, padding
):
    if padding == "valid":
        height, width = min(height, rows), min(width, columns)
    images = random_fractions(seed)(1, rows, columns, 2)
    options = {"pool_size": (height, width), "strides": (down, right), "padding": padding}
    came = reference.average_pool2d(images, **options)
    cotangent = random_fractions(seed + 1)(*reference.shape(came))
    gradients = reference.average_pool2d_vjp(images, cotangent, **options)
    wanted = {}
    for i, j, c in itertools.product(range(len(came[0])), range(len(came[0][0])), range(2)):
        reached = [
            (r, s)
            for r, s in itertools.product(range(rows), range(columns))
            if covers(i, r, rows, height, down, padding) and covers(j, s, columns, width, right, padding)
        ]
        assert came[0][i][j][c] * len(reached) == sum(images[0][r][s][c] for r, s in reached)
        for r, s in reached:
            wanted[r, s, c] = wanted.get((r, s, c), 0) + cotangent[0][i][j][c] / len(reached)
    for r, s, c in itertools.product(range(rows), range(columns), range(2)):
        assert gradients[0][r][s][c] == wanted.get((r, s, c), 0)
    assert sum(leaves(gradients)) == sum(leaves(cotangent))


def test_padding_is_not_counted():
    assert reference.average_pool2d([[[[-5]]]], pool_size=3, padding="same") == [[[[-5]]]]
    assert reference.average_pool2d_vjp([[[[-5]]]], [[[[2]]]], pool_size=3, padding="same") == [[[[2]]]]


def test_windows_do_not_overlap_unless_asked_to():
    images = random_fractions(5)(1, 6, 6, 1)
    assert reference.max_pool2d(images) == reference.max_pool2d(images, pool_size=(2, 2), strides=2)
    assert reference.max_pool2d(images, pool_size=3) == reference.max_pool2d(images, pool_size=3, strides=(3, 3))


def test_padding_never_wins():
    assert reference.max_pool2d([[[[-5]]]], pool_size=3, padding="same") == [[[[-5]]]]


def test_nan_in_a_window_makes_its_output_nan():
    for values in ([math.nan, 1.0], [1.0, math.nan], [math.inf, math.nan]):
        assert math.isnan(reference.max_pool2d([[[[v] for v in values]]], pool_size=(1, 2))[0][0][0][0])
        gradient = reference.max_pool2d_vjp([[[[v] for v in values]]], [[[[2]]]], pool_size=(1, 2))
        assert [g for [g] in gradient[0][0]] == [2 if v != v else 0 for v in values]


def test_a_tie_sends_the_gradient_to_the_first():
    assert reference.flatten(reference.max_pool2d_vjp([[[[1], [1]], [[1], [1]]]], [[[[8]]]])) == [8, 0, 0, 0]


IMAGES = [[[[1], [2]], [[3], [4]]]]
INTEGERS = "a positive integer, or two of them for rows and columns"


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        ([1], {}, r"images: wanted a nested list of numbers \[N, H, W, C\]; got shape \[1\]"),
        (IMAGES, {"pool_size": 3}, r"pool_size: wanted a window no larger than the image's \[2, 2\]; got \[3, 3\]"),
        (IMAGES, {"pool_size": 0}, rf"pool_size: wanted {INTEGERS}; got 0"),
        (IMAGES, {"pool_size": (2, "2")}, rf"pool_size: wanted {INTEGERS}; got \(2, '2'\)"),
        (IMAGES, {"pool_size": None}, rf"pool_size: wanted {INTEGERS}; got None"),
        (IMAGES, {"strides": 0}, rf"strides: wanted {INTEGERS}; got 0"),
        (IMAGES, {"strides": 1.5}, rf"strides: wanted {INTEGERS}; got 1\.5"),
        (IMAGES, {"padding": "none"}, r"padding: wanted 'valid' or 'same'; got 'none'"),
    ],
)
def test_bad_arguments_say_what_was_wanted_and_what_came(images, options, message):
    for pool in (reference.max_pool2d, reference.average_pool2d):
        with pytest.raises(InvalidArgument, match=f"^{message}$"):
            pool(images, **options)
    for pool_vjp in (reference.max_pool2d_vjp, reference.average_pool2d_vjp):
        with pytest.raises(InvalidArgument, match=f"^{message}$"):
            pool_vjp(images, [[[[1]]]], **options)


def test_a_cotangent_has_the_shape_of_the_output():
    wanted = r"^cotangent: wanted shape \[1, 1, 1, 1\] of the pooling's output; got shape \[1, 2, 2, 1\]$"
    for pool_vjp in (reference.max_pool2d_vjp, reference.average_pool2d_vjp):
        with pytest.raises(InvalidArgument, match=wanted):
            pool_vjp(IMAGES, IMAGES)
