"""Named plans of fresh questions over all families, and the disjoint seeds that training and examples use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from causal_eval.errors import UnknownName
from causal_eval.questions.adversarial import trapped
from causal_eval.questions.generate import DIFFICULTIES, Plan


@dataclass(frozen=True, slots=True)
class Suite:
    """A named selection; its name, version, seed and the generator's version give the same questions everywhere."""

    name: str
    version: int
    """It changes whenever the same seed could give other questions although the generator is the same."""
    n: int
    about: str
    difficulties: tuple[int, int] = DIFFICULTIES
    trapped: bool = False
    """Only kinds that stand in a category of traps."""


_ALL = (
    Suite("quick", 2, 60, "a first look: all families, domains, regimes and difficulties"),
    Suite("standard", 2, 1200, "what scores are compared on: about forty questions a family"),
    Suite("full", 2, 6000, "about two hundred questions a family, for small differences and for single families"),
    Suite("adversarial", 2, 1200, "kinds that are built as traps, by category", trapped=True),
    Suite("frontier", 1, 1200, "the hardest level of every family", difficulties=(DIFFICULTIES[1], DIFFICULTIES[1])),
)
NAMED: Mapping[str, Suite] = {suite.name: suite for suite in _ALL}
"""Name -> suite."""

DEMONSTRATION = "demo"
"""First part of the names of its sets, and their seed."""

SUITES: Mapping[str, int] = {suite.name: suite.n for suite in _ALL}
"""Name -> number of questions."""


def suite(name: str, seed: str) -> Plan:
    """The plan of that name for *seed*.

    Raises:
        UnknownName: no such suite; the nearest names are suggested.
    """
    if name not in NAMED:
        raise UnknownName("suite", name, NAMED)
    found = NAMED[name]
    plan = Plan(n=found.n, seed=f"suite/{name}@{found.version}/{seed}", difficulties=found.difficulties)
    return trapped(plan, ("all",)) if found.trapped else plan


def demonstration(n: int) -> Plan:
    """The questions of ``causal-eval demo``, whose set is named ``demo/N``."""
    return Plan(n=n, seed=DEMONSTRATION)


def plan_named(name: str) -> Plan | None:
    """The plan of a stored set by its name, ``quick/2030-01-02``, ``demo/240``; None where a name does not tell it."""
    first, slash, rest = name.partition("/")
    if first in NAMED and slash:
        return suite(first, rest)
    is_demo = first == DEMONSTRATION and rest.isascii() and rest.isdigit() and int(rest) > 0
    return demonstration(int(rest)) if is_demo else None


def training(n: int, *, families: tuple[str, ...] = ()) -> Plan:
    """Questions for fitting the baselines: no suite and no user's seed can contain them."""
    return Plan(n=n, seed="\x00training", families=families)


def examples(n: int, *, families: tuple[str, ...] = ()) -> Plan:
    """Questions for worked examples in prompts: disjoint from every suite, every user's seed and the training set."""
    return Plan(n=n, seed="\x00examples", families=families)
