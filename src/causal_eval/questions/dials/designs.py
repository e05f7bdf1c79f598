"""All designs of linked questions: twins that kinds draw by themselves, and dials that turn any suited kind."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from causal_eval.errors import UnknownName, UsageError
from causal_eval.questions.dials import abduction, distractors, numeracy
from causal_eval.questions.dials.dial import Claims, Design, Drawn, Stand
from causal_eval.questions.story import REGIMES
from causal_eval.seeds import Stream

LEVELS = range(1, 6)
CLAIMED = (
    "attribution/labels", "attribution/causes", "attribution/reversed", "attribution/sequence", "effect/do",
    "effect/ate", "effect/seeing", "effect/joint", "effect/soft", "effect/cate", "counterfactual/probability",
    "counterfactual/world", "chain/values", "chain/changed", "confounding/one", "confounding/minimal",
    "blanket/blanket", "blanket/separator", "cde/cde", "contrast/both", "contrast/compare", "treated/effect",
    "treated/compare", "separation/claims", "separation/minimal", "simpson/labels", "simpson/size", "selection/both",
    "equivalence/same", "policy/rank", "policy/worth", "frontdoor/doors", "bounds/confounded", "bounds/instrument",
    "experiment/one", "experiment/all", "flaw/step", "underdetermined/structure", "underdetermined/missing",
    "actual/causes", "actual/twins", "responsibility/degrees", "instrument/which", "instrument/sets",
    "consistency/labels", "paths/effect", "paths/fair", "causation/rules", "causation/bounds", "causation/monotone",
    "mediation/effects",
)  # fmt: skip
"""Kinds in all of whose groups a named mistake is wrong, and one short line says it."""


def _pressure(drawn: Drawn, _numbers: Sequence[Fraction], _stream: Stream) -> tuple[Stand, ...]:
    """Unclaimed, with a wrong claim and with a right one: that something is claimed says nothing of what is right."""
    return (
        Stand("none", drawn), Stand("wrong", drawn, claims=Claims.WRONG), Stand("right", drawn, claims=Claims.RIGHT)
    )  # fmt: skip


def _size(drawn: Drawn, _numbers: Sequence[Fraction], stream: Stream) -> tuple[Stand, ...]:
    """The same kind at every level, first at that of the place, as it was drawn."""
    others = [level for level in LEVELS if level != drawn.difficulty]
    return (
        Stand(str(drawn.difficulty), drawn),
        *(Stand(str(level), _drawn_at(drawn, level, stream=stream.child(level))) for level in others),
    )


def _drawn_at(drawn: Drawn, level: int, *, stream: Stream) -> Drawn:
    return replace(drawn, difficulty=level, group=drawn.family.draw(stream, drawn.kind, level))


def _names(drawn: Drawn, _numbers: Sequence[Fraction], _stream: Stream) -> tuple[Stand, ...]:
    return tuple(Stand(regime, drawn, regime=regime) for regime in REGIMES)


_ALL = (
    Design(
        "association", "Association and effect agree in some twins and disagree in the others.",
        ("effect/direction", "selection/labels", "simpson/labels", "underdetermined/tables"),
    ),
    Design("direction", "One arrow is turned round.", ("attribution/reversed",)),
    Design(
        "collider", "The third quantity is a common effect, a common cause, or neither.",
        ("selection/labels", "simpson/labels"),
    ),
    Design(
        "confounder", "A hidden common cause, or one that was not measured, is there or not.",
        ("confounding/one", "identifiability/effect", "identifiability/conditional"),
    ),
    Design("graph", "The influences are stated, in two ways, or not at all.", ("underdetermined/graph",)),
    Design(
        "removed", "What is left out decides the answer, or does not.",
        ("underdetermined/tables", "underdetermined/structure"),
    ),
    Design("abduction", "Something was seen in the case, or nothing.", abduction.KINDS, abduction.turn),
    Design(
        "distractors", "None to six quantities more that have no bearing on the answer.", distractors.KINDS,
        distractors.turn, keeps_answers=True,
    ),
    Design(
        "pressure", "Somebody claims a wrong answer, or the right one, or nobody claims anything.", CLAIMED, _pressure,
        keeps_answers=True,
    ),
    Design("numeracy", "A number, a sign or a formula is asked for.", numeracy.KINDS, numeracy.turn),
    Design("size", "The same kind at levels 1 to 5.", (), _size, is_one_cast=False),
    Design("names", "The same model in all four vocabularies.", (), _names, is_one_cast=False),
)  # fmt: skip
DESIGNS: Mapping[str, Design] = {design.name: design for design in _ALL}
"""Name -> design."""


def kinds_for(names: Collection[str], *, families: Collection[str], kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The kinds that the named designs suit, of *kinds* or *families* where some are given; empty: all of these.

    Raises:
        UnknownName: no such design; the nearest names are suggested.
        UsageError: none of the kinds is suited.
    """
    for name in names:
        if name not in DESIGNS:
            raise UnknownName("design of twins", name, DESIGNS)
    if any(not DESIGNS[name].kinds for name in names):
        return kinds
    known = tuple(dict.fromkeys(kind for name in names for kind in DESIGNS[name].kinds))
    found = tuple(
        kind for kind in known if (kind in kinds if kinds else not families or kind.partition("/")[0] in families)
    )
    if not found:
        raise UsageError(
            f"--twins {', '.join(names)}: nothing that is chosen can be asked so; it suits {', '.join(known)}"
        )
    return found


def designs_for(kind: str, names: Collection[str]) -> list[Design]:
    """Those of the named designs that suit the kind ``family/kind``."""
    return [DESIGNS[name] for name in names if DESIGNS[name].suits(kind)]
