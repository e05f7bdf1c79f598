"""Adversarial sets: for each classic trap the kinds of question in which it is sprung every time.

A trap is solved for, not sampled: the draws of these kinds keep only graphs and numbers in which the wrong method gives
a wrong answer, in the question itself or in a twin that is scored with it as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from causal_eval.errors import UnknownName, UsageError
from causal_eval.questions.catalog import family
from causal_eval.questions.generate import Plan


class Category(NamedTuple):
    """A classic trap."""

    trap: str
    """What tempts, in one sentence."""
    kinds: Mapping[str, tuple[str, ...]]
    """``family/kind`` -> the named mistakes of which at least one gives a wrong answer in every twin group."""


_NAIVE = ("correlation is causation",)
_OBSERVED = (*_NAIVE, "adjust for everything")
_SWALLOWED = ("the records are everyone",)

CATEGORIES = {
    "reverse-causation": Category(
        "An effect is taken for a cause, or the way of an arrow for known where no correlation tells which it is.",
        {
            "attribution/reversed": ("direction reversed",),
            "discovery/class": ("every direction reversed",),
            "experiment/one": ("observation settles it",),
            "experiment/all": ("observation settles it",),
            "underdetermined/structure": ("take one direction", "take the other direction"),
        },
    ),
    "spurious-correlation": Category(
        "Two quantities go together, and one does not act on the other as that says.",
        dict.fromkeys(
            (
                "effect/direction", "effect/do", "effect/ate", "effect/joint", "effect/soft", "effect/cate",
                "contrast/both", "cde/cde", "treated/effect", "policy/rank", "policy/worth", "paths/effect",
                "paths/fair", "causation/rules",
            ),
            _NAIVE,
        )
        | {
            "contrast/compare": ("seeing is doing",),
            "treated/compare": ("association in place of the group's effect",),
            "attribution/labels": ("a common cause makes a cause",),
        },
    ),
    "hidden-confounder": Category(
        "What the data can give hangs on a quantity that nobody measured.",
        {
            "confounding/one": ("forget what was not measured",),
            "bounds/confounded": _NAIVE,
            "bounds/instrument": _NAIVE,
            **dict.fromkeys(
                ("identifiability/effect", "identifiability/conditional", "estimand/frontdoor", "estimand/general"),
                _OBSERVED,
            ),
        },
    ),
    "collider": Category(
        "A common effect was conditioned on, and makes an association of its own.",
        {"selection/both": _SWALLOWED, "selection/labels": _SWALLOWED},
    ),
    "simpson-reversal": Category(
        "A comparison turns round within groups, and the graph says which of the two is causal.",
        {
            **dict.fromkeys(("simpson/labels", "simpson/size"), (*_NAIVE, "always compare within groups")),
            "underdetermined/graph": _NAIVE,
        },
    ),
    "post-hoc": Category(
        "What comes before, and shortly before, is taken for a cause.",
        {
            "attribution/sequence": ("after it, therefore because of it",),
            "actual/causes": ("everything that leads to it",),
            "actual/twins": ("everything that leads to it",),
        },
    ),
}  # fmt: skip
"""Name of a category -> its trap."""

_SHARE = 240
"""Weight of a category whose one kind has no twins."""


def adversarial_weights(categories: Sequence[str] = (), *, families: Sequence[str] = ()) -> dict[str, int]:
    """The kinds of the named categories in the named families (empty: of all), and how often each is asked.

    The weights give every category about as many questions.

    Raises:
        UnknownName: no such category; the nearest names are suggested.
        UsageError: none of the families asks such a question.
    """
    for name in categories:
        if name not in CATEGORIES:
            raise UnknownName("category", name, CATEGORIES)
    known = [kind for name in categories or CATEGORIES for kind in CATEGORIES[name].kinds]
    weights: dict[str, int] = {}
    for name in categories or CATEGORIES:
        kinds = [kind for kind in CATEGORIES[name].kinds if not families or kind.partition("/")[0] in families]
        weights |= {kind: max(1, _SHARE // (len(kinds) * _size(kind))) for kind in kinds}
    if not weights:
        raise UsageError(f"{', '.join(families)}: no such trap is sprung there; the kinds are {', '.join(known)}")
    return weights


def trapped(plan: Plan, categories: Sequence[str]) -> Plan:
    """The same plan, of the kinds that spring the traps of these categories (``all``: of every one).

    Raises:
        UnknownName: no such category; the nearest names are suggested.
        UsageError: none of the plan's families asks such a question.
    """
    weights = adversarial_weights(() if "all" in categories else categories, families=plan.families)
    return replace(plan, families=(), kinds=(*plan.kinds, *weights), weights=weights)


def category_of(name: str) -> str | None:
    """The category to which the kind ``family/kind`` belongs, if any."""
    return next((category for category, one in CATEGORIES.items() if name in one.kinds), None)


def _size(name: str) -> int:
    """Questions in a twin group of the kind ``family/kind``."""
    source, _, kind = name.partition("/")
    return family(source).kind(kind).size
