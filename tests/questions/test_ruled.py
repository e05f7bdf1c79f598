"""Random systems of rules: causes come first, and what is tied together shares a cause."""

from __future__ import annotations

import pytest

from causal_eval.questions.ruled import Ruled, Shape, shape_of, tied
from causal_eval.seeds import Stream


def shapes(roots: int, ruled: int, count: int = 3000) -> list[Shape]:
    drawn = (shape_of(roots, ruled, reach=1, stream=Stream("shapes", roots, ruled, index)) for index in range(count))
    return [shape for shape in drawn if shape]


@pytest.mark.parametrize(("roots", "ruled"), [(3, 2), (3, 4), (4, 5), (5, 4)])
def test_causes_come_before_effects(roots: int, ruled: int) -> None:
    """No rule reads itself or a later quantity, before or after tying, and two or three causes is what it reads."""
    for index, shape in enumerate(shapes(roots, ruled)):
        for form in (shape, tied(shape, (shape.x, *shape.below), stream=Stream("tied", index))):
            for node, causes in enumerate(form.causes, roots):
                assert all(cause < node for cause in causes)
                assert causes == tuple(sorted(set(causes)))
                assert 2 <= len(causes) <= 3


@pytest.mark.parametrize(("roots", "ruled"), [(3, 4), (5, 4)])
def test_tying_keeps_what_is_affected(roots: int, ruled: int) -> None:
    """A tied shape has the same quantities below the changed one, and at most one cause more."""
    for index, shape in enumerate(shapes(roots, ruled, 500)):
        other = tied(shape, shape.below, stream=Stream("tied", index))
        assert (other.x, other.y, other.below) == (shape.x, shape.y, shape.below)
        assert 0 <= sum(map(len, other.causes)) - sum(map(len, shape.causes)) <= 1
        model = Ruled.draw(other, Stream("model", index))
        low, high = model.changed
        moved = {node for node in range(other.n) if low[node] != high[node]}
        assert moved <= {other.x, *other.below}


def test_renaming_states_twice_gives_the_model_back() -> None:
    """Renamed states turn the columns of those quantities over and no others; twice is nothing."""
    for index, shape in enumerate(shapes(3, 4, 50)):
        model = Ruled.draw(shape, Stream("renamed", index))
        nodes = {shape.x, shape.y}
        other = model.renamed(nodes)
        for node, (one, two) in enumerate(zip(model.actual, other.actual, strict=True)):
            assert two == (one ^ model.full if node in nodes else one)
        assert other.renamed(nodes) == model
