"""Actual causation from the definitions: every contingency, every alternative, every part; small systems only."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from causal_eval.causal.scm import Call, Const, Expression, Scm, Var
from causal_eval.causal.second.evaluate import said, value_of
from causal_eval.causal.second.reach import causes_of, members
from causal_eval.errors import TooLarge

MOST_VARIABLES = 9

Setting: TypeAlias = "dict[int, int]"


class Story:
    """What happened, and what would have happened instead; every world worked out once."""

    def __init__(self, scm: Scm, context: Mapping[int, int], phi: Expression) -> None:
        self.scm, self.context, self.phi = scm, dict(context), phi
        mentioned = causes_of(scm.graph, sum(1 << node for node in _mentioned(phi)))
        self.variables = [node for node in members(mentioned) if node not in self.context]
        if len(self.variables) > MOST_VARIABLES:
            raise TooLarge(f"{len(self.variables)} variables: the second solver tries everything for at most 9")
        self._worlds: dict[tuple[tuple[int, int], ...], bool] = {}
        self.causes: dict[str, list[dict[int, int]]] = {}
        """Those that are known, by variant."""
        self._results: dict[tuple[int, tuple[int, ...]], int] = {}
        self._verdicts: dict[tuple[int, ...], bool] = {}
        self._parents = {node: members(scm.graph.parents[node]) for node in members(mentioned)}
        self._mentioned = _mentioned(phi)
        known = dict(self.context)
        self.actual = {node: self._value(node, known) for node in members(mentioned)}

    def holds(self, *done: Mapping[int, int]) -> bool:
        """Whether phi holds after all of *done*; what is said first counts."""
        together: Setting = {}
        for one in done:
            together = {**one, **together}
        key = tuple(sorted(together.items()))
        if key not in self._worlds:
            known = {**self.context, **together}
            self._worlds[key] = self._said(tuple([self._value(node, known) for node in self._mentioned]))
        return self._worlds[key]

    def _said(self, values: tuple[int, ...]) -> bool:
        """Whether phi is true where what it mentions has these values."""
        if values not in self._verdicts:
            pairs = zip(self._mentioned, values, strict=True)
            named = {node: self.scm.values[node][v] if self.scm.values else v for node, v in pairs}
            self._verdicts[values] = bool(said(self.phi, named))
        return self._verdicts[values]

    def _value(self, node: int, known: dict[int, int]) -> int:
        """The value of *node*; what is found on the way joins *known*, and every equation is read once."""
        if node not in known:
            key = node, tuple([self._value(parent, known) for parent in self._parents[node]])
            if key not in self._results:
                self._results[key] = value_of(self.scm, node, known=dict(zip(self._parents[node], key[1], strict=True)))
            known[node] = self._results[key]
        return known[node]

    def settings(self, nodes: Sequence[int]) -> Iterator[Setting]:
        """All values of *nodes*."""
        for values in itertools.product(*[range(self.scm.domains[node]) for node in nodes]):
            yield dict(zip(nodes, values, strict=True))


def conditions(story: Story, x: Mapping[int, int], *, variant: str) -> tuple[bool, bool, bool]:
    """AC1, AC2 and AC3, each by itself."""
    parts = [dict(part) for size in range(1, len(x)) for part in itertools.combinations(x.items(), size)]
    smaller = any(_happened(story, part) and _depends(story, part, variant=variant) for part in parts)
    return _happened(story, x), _depends(story, x, variant=variant), not smaller


@functools.lru_cache(maxsize=4)  # a question may ask several things about one story
def told(scm: Scm, context: tuple[tuple[int, int], ...], *, phi: Expression) -> Story:
    """The story, with the worlds that are already worked out."""
    return Story(scm, dict(context), phi)


def causes(story: Story, *, variant: str) -> list[dict[int, int]]:
    """Every X = x that meets all three."""
    if variant not in story.causes:
        story.causes[variant] = _listed(story, variant=variant)
    return story.causes[variant]


def _listed(story: Story, *, variant: str) -> list[dict[int, int]]:
    """The causes, smallest first; what has a smaller one for a part fails AC3."""
    found: list[dict[int, int]] = []
    if not story.holds():
        return found
    for size in range(1, len(story.variables) + 1):
        for chosen in itertools.combinations(story.variables, size):
            x = {node: story.actual[node] for node in chosen}
            if not any(part.keys() < x.keys() for part in found) and _depends(story, x, variant=variant):
                found.append(x)
    return found


def fewest(story: Story, node: int, *, variant: str) -> int:
    """1 / the degree of responsibility of *node* being as it was; 0: none."""
    if not story.holds():
        return 0
    if variant != "modified":
        x = {node: story.actual[node]}
        changes = [_unlike(story, w) for w in _contingencies(story, x, variant=variant)]
        return 1 + min(changes) if changes else 0
    with_it = [x for x in causes(story, variant=variant) if node in x]
    return min((len(x) + len(next(_contingencies(story, x, variant=variant))) for x in with_it), default=0)


def _happened(story: Story, x: Mapping[int, int]) -> bool:
    """AC1; what is no cause of what phi mentions has its value all the same."""
    values = {node: value_of(story.scm, node, known=dict(story.context)) for node in x}
    return story.holds() and values == dict(x)


def _depends(story: Story, x: Mapping[int, int], *, variant: str) -> bool:
    return next(_contingencies(story, x, variant=variant), None) is not None


def _contingencies(story: Story, x: Mapping[int, int], *, variant: str) -> Iterator[Setting]:
    """Every W = w under which phi depends on X = x, the smallest first."""
    others = [one for one in story.settings(list(x)) if one != dict(x)]
    rest = [node for node in story.variables if node not in x]
    for size in range(1 if variant == "but_for" else len(rest) + 1):
        for chosen in itertools.combinations(rest, size):
            as_it_was = {node: story.actual[node] for node in chosen}
            ways = [as_it_was] if variant == "modified" else list(story.settings(chosen))
            failing = (w for w in ways if any(not story.holds(one, w) for one in others))
            yield from (w for w in failing if _enough(story, x, w=w, variant=variant))


def _enough(story: Story, x: Mapping[int, int], *, w: Mapping[int, int], variant: str) -> bool:
    """AC2(b), where the definition asks for it."""
    if variant in ("modified", "but_for"):
        return True
    rest = [(node, story.actual[node]) for node in story.variables if node not in x and node not in w]
    for kept in _subsets(rest):
        for part in [tuple(w.items())] if variant == "original" else _subsets(list(w.items())):
            if not story.holds(x, dict(part), dict(kept)):
                return False
    return True


def _unlike(story: Story, w: Mapping[int, int]) -> int:
    return sum(story.actual[node] != value for node, value in w.items())


def _subsets(pairs: Sequence[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], ...]]:
    for size in range(len(pairs) + 1):
        yield from itertools.combinations(pairs, size)


def _mentioned(phi: Expression) -> list[int]:
    match phi:
        case Var(node):
            return [node]
        case Const():
            return []
        case Call(_, args):
            return sorted({node for arg in args for node in _mentioned(arg)})
