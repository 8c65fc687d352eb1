"""Architectures drawn by Hypothesis: whatever keeps the slides' pattern, in brackets or spelt out."""

from __future__ import annotations

from hypothesis import strategies as st

from reference.notation import Architecture, Group, Layer

RELU = Layer("RELU")
sizes = st.integers(1, 12)
paddings = st.sampled_from(("valid", "same"))
strides = st.tuples(st.integers(1, 3), st.integers(1, 3))

inputs = st.one_of(st.tuples(sizes), st.tuples(st.integers(6, 40), st.integers(6, 40), st.integers(1, 3)))
convolutions = st.builds(
    lambda window, filters, steps, padding: Layer("CONV", (*window, filters), steps, padding),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.integers(1, 5),
    st.just((1, 1)) | strides,
    paddings,
)
poolings = st.builds(
    lambda window, steps, padding: Layer("POOL", window, steps or window, padding),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.none() | strides,
    paddings,
)
dense_layers = st.builds(lambda units: Layer("FC", (units,)), sizes)


@st.composite
def repeated(draw: st.DrawFn, parts: tuple[Layer | Group, ...], least: int) -> tuple[Layer | Group, ...]:
    """The parts a few times over: in brackets, spelt out, or in brackets twice."""
    times = draw(st.integers(least, 3))
    way = draw(st.sampled_from(("brackets", "spelt out", "twice")))
    if way == "spelt out":
        return parts * times
    return (Group((Group(parts, 1),), times),) if way == "twice" else (Group(parts, times),)


@st.composite
def architectures(draw: st.DrawFn, images: bool | None = None) -> Architecture:
    """INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC, with sizes that need not fit each other."""
    kept = inputs if images is None else inputs.filter(lambda size: (len(size) == 3) == images)
    parts: list[Layer | Group] = [Layer("INPUT", draw(kept))]
    for _ in range(draw(st.integers(0, 2)) if len(parts[0].size) == 3 else 0):
        block = draw(repeated((draw(convolutions), RELU), 1))
        if draw(st.booleans()):
            block = (*block, draw(poolings))
        parts += draw(repeated(block, 0))
    for _ in range(draw(st.integers(0, 2))):
        parts += draw(repeated((draw(dense_layers), RELU), 0))
    return Architecture((*parts, draw(dense_layers)))
