"""The bounds of `Rounded`: never exceeded by a machine that keeps its claims, free where nothing is lost, not vacuous.

How tight they are: the largest error / bound of 30 drawn calls in float32, with sums in every order and elementary
functions off by up to the ULPs that are claimed. Inputs are drawn and not searched for, so that these are lower limits
of what can be reached; `pytest -rP -k how_tight` prints them again.

    one rounding          + 0.62, - 0.99, · 0.69, / 0.89, x·y/z - z 0.61; · searched for: 0.5 to 0.999
    a sum                 dense 0.19, dense_vjp 0.69, conv2d 0.48, conv2d_vjp 0.88, perceptron_predict 0.34;
                          a sum built to lose every term but one: 1 - (n - 1)·u of its bound, for n terms
    elementary functions  exp of a sum 0.94, log 1.00, log of a sum 0.74, sqrt 0.84, sigmoid 1.00, tanh 1.00
    layers                sigmoid_vjp 0.96, tanh_vjp 0.91, softmax 0.60, cross_entropy 0.69,
                          softmax_cross_entropy 0.48, its vjp 0.54, max_pool2d_vjp 0.74
    networks              forward_pass 0.44, backpropagation 0.26, perceptron_sgd 0.90
    nothing is computed   max_pool2d and relu_vjp 0
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given, target
from hypothesis import strategies as st

import reference
from reference import Undecidable
from reference.numbers import Arithmetic, Rounded
from reference.numbers.arithmetic import FORMATS
from tests.reference.numbers.bounded_calls import CALLS, EVERY_CALL, EVERY_FORMAT, KINDS, SINGLE, Drawn, worst_ratio
from tests.reference.numbers.machine import Processor
from tests.reference.support import convert, fewest, many, seeds

# The bound is never exceeded.


@EVERY_FORMAT
@EVERY_CALL
@given(seeds, st.sampled_from(KINDS), st.booleans(), st.booleans())
@fewest
def test_no_order_of_summation_exceeds_the_bound(
    name: str, format: str, seed: int, kind: str, fused: bool, flush: bool
):
    arithmetic = Arithmetic(format, flush_to_zero=flush)
    function, arguments = CALLS[name](Drawn(seed, kind, format))
    try:
        target(worst_ratio(function, arguments, arithmetic, Processor(arithmetic, seed, fused=fused)))
    except Undecidable:
        assume(False)  # a perceptron's next step isn't decided by the claims


@pytest.mark.parametrize(
    "name", ["softmax", "softmax_cross_entropy", "softmax_cross_entropy_vjp", "sigmoid_vjp", "tanh_vjp"]
)
@pytest.mark.parametrize("format", ["float16", "float32", "float64"])
@given(seeds)
@fewest
def test_large_scores_stay_inside_the_bound(name: str, format: str, seed: int):
    drawn, arithmetic = Drawn(seed, "alike", format), Arithmetic(format)
    drawn.number = lambda: drawn.rounded(drawn.random.uniform(-1000, 1000))  # type: ignore[method-assign]
    function, arguments = CALLS[name](drawn)
    worst_ratio(function, arguments, arithmetic, Processor(arithmetic, seed))


@pytest.mark.parametrize(
    "name", ["+", "·", "/", "x·y/z - z", "dense", "conv2d", "sigmoid_vjp", "tanh", "softmax", "sqrt"]
)
@pytest.mark.parametrize("flush", [True, False])
@pytest.mark.parametrize("format", ["float16", "float32", "float64"])
@given(seeds)
@fewest
def test_subnormal_inputs_and_results_stay_inside_the_bound(name: str, flush: bool, format: str, seed: int):
    drawn, arithmetic = Drawn(seed, "tiny", format), Arithmetic(format, flush_to_zero=flush)
    function, arguments = CALLS[name](drawn)
    if format == "float16" and name == "x·y/z - z":
        assume(abs(arguments[0] * arguments[1] / arguments[2]) < arithmetic.largest)  # a fused division doesn't exist
    worst_ratio(function, arguments, arithmetic, Processor(arithmetic, seed))


@given(seeds, st.sampled_from(KINDS))
@many
def test_inputs_that_no_format_holds_may_be_rounded_to_it(seed: int, kind: str):
    drawn = Drawn(seed, kind, "float32")
    arguments = convert(lambda x: Fraction(x) / 3, (drawn.array(2, 3), drawn.array(3, 2), drawn.array(2)))
    worst_ratio(reference.dense, arguments, SINGLE, Processor(SINGLE, seed))


# The bound says something.


def losses_at(offset: float, spread: tuple[float, ...] = (0.0, 3 / 64, 7 / 64, -5 / 64)) -> tuple[Rounded, list[float]]:
    """The bound of a loss of logits around an offset, and what a float32 machine computes in some orders."""
    logits, labels = [[offset + number for number in spread]], [[0, 0, 0, 1]]
    (bound,) = reference.softmax_cross_entropy_with_logits(convert(lambda x: Rounded(x, SINGLE), logits), labels)
    machines = [Processor(SINGLE, seed, fused=bool(seed % 2)) for seed in range(20)]
    came = [
        reference.softmax_cross_entropy_with_logits(convert(machine.number, logits), labels)[0] for machine in machines
    ]
    return bound, list(map(float, came))


@pytest.mark.parametrize("offset", [1000.0, -1000.0, 2.0**17])
def test_a_common_offset_of_logits_costs_a_loss_nothing(offset: float):
    (bound, came), (at_zero, _) = losses_at(offset), losses_at(0.0)
    assert (bound.value, bound.error) == (at_zero.value, at_zero.error)
    assert all(bound.distance(loss) <= bound.error for loss in came)
    # log Σeᶻ⁻ᵐ + m - z, which is another algorithm, loses the digits of log Σeᶻ⁻ᵐ that the offset hides.
    machine, largest, label = Processor(SINGLE, 0), offset + 7 / 64, offset - 5 / 64
    log_normalizer = float(bound.value) - 12 / 64
    added_back = machine.add(machine.add(machine.nearest(Fraction(log_normalizer), 24), largest), -label)
    assert bound.distance(added_back) > bound.error


def test_a_difference_is_computed_before_it_enters_a_sum_and_a_sum_is_not():
    x, y, z = (Rounded(number, SINGLE) for number in (1003, 1001, Fraction(1, 3)))
    u = 2.0**-24
    assert (z - (x - y)).error < 4 * u
    assert (z + (y - x)).error < 4 * u
    assert ((x - y) + z).error < 4 * u
    # In another order, one third is added to a number of a thousand first.
    assert (z + y + -x).error > 1000 * u
    assert ((z - x) + y).error > 1000 * u


@EVERY_CALL
def test_how_tight_the_bounds_are(name: str):
    ratios = []
    for seed in range(30):
        function, arguments = CALLS[name](Drawn(seed, KINDS[seed % len(KINDS)], "float32"))
        try:
            ratios.append(worst_ratio(function, arguments, SINGLE, Processor(SINGLE, seed, fused=seed % 5 == 0)))
        except Undecidable:
            continue
    print(f"{name}: largest error / bound {max(ratios):.2f}")
    choosing = name in ("max_pool2d", "relu_vjp")  # these compute nothing
    assert max(ratios) == 0 if choosing else max(ratios) > 0


@EVERY_FORMAT
def test_one_rounding_reaches_almost_all_of_its_bound(format: str):
    # (1 + ε)² = 1 + 2ε + ε²: with the right ε, the square lies next to the middle between two numbers.
    arithmetic, bits = Arithmetic(format), FORMATS[format][0]
    factor = 1 + Fraction(2 ** (bits // 2 - 1) + (bits % 2 == 0), 2 ** (bits - 1))
    best = Fraction(0)
    for step in range(64):
        x = factor + Fraction(step, 2 ** (bits - 1))
        product = Rounded(x, arithmetic) * Rounded(x, arithmetic)
        computed = float(Processor(arithmetic, 0).number(x) * Processor(arithmetic, 0).number(x))
        if product.error:
            best = max(best, Fraction(product.distance(computed)) / Fraction(product.error))
    print(f"one product in {format}: largest error / bound {float(best):.3f}")
    assert best > Fraction(1, 4)


@EVERY_FORMAT
@pytest.mark.parametrize("terms", [2, 9, 40])
def test_a_sum_that_loses_every_term_reaches_almost_all_of_its_bound(format: str, terms: int):
    # Half a unit of 1 is a tie, which goes to the even 1: added one after the other, all of them are lost.
    arithmetic, bits = Arithmetic(format), FORMATS[format][0]
    numbers = [1.0] + [2.0**-bits] * (terms - 1)
    total = sum((Rounded(x, arithmetic) for x in numbers[1:]), start=Rounded(1, arithmetic))
    came, processor = 1.0, Processor(arithmetic, 0)
    for number in numbers[1:]:
        came = processor.add(came, number)
    assert came == 1
    error = Fraction(total.distance(came))
    assert error == (terms - 1) * Fraction(2) ** -bits
    gamma = Fraction(terms - 1, 2**bits - (terms - 1))
    # The whole of it but for Σ|terms| > 1, and the few bits that bounds are raised by.
    assert error <= Fraction(total.error) <= gamma * (1 + error) * (1 + Fraction(1, 2**40))
