"""What somebody wants generated: an order of a question set, and the plan that it describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from causal_eval.errors import UsageError
from causal_eval.questions.adversarial import trapped
from causal_eval.questions.commitment import commitment_to, split_seed
from causal_eval.questions.domain import Domain
from causal_eval.questions.generate import DIFFICULTIES, Plan, check_plan
from causal_eval.questions.lexicon import ENGLISH
from causal_eval.questions.settings import Setting, asked
from causal_eval.questions.story import own_text
from causal_eval.questions.suite import suite
from causal_eval.service import splits
from causal_eval.service.wiring import Service
from causal_eval.service.wording import LARGEST_TEXT
from causal_eval.store.evaluations import LOCAL

LARGEST_GENERATED = 20_000
"""Larger sets are made by the command line."""
MOST_SETTINGS = 500
MOST_WORDS = 5
"""Domain files of one's own in an order."""


@dataclass(frozen=True, slots=True)
class OwnWords:
    """A domain file of somebody's own."""

    name: str
    """What the file is called, without ``.toml``."""
    text: str
    """The TOML that it holds."""


@dataclass(frozen=True, slots=True)
class SetOrder:
    """What somebody wants generated: a named suite, or a number of questions of what is named (empty: of all)."""

    project: str = LOCAL
    seed: str = "0"
    suite: str | None = None
    n: int | None = None
    families: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    regimes: tuple[str, ...] = ()
    difficulties: tuple[int, int] = DIFFICULTIES
    kinds: tuple[str, ...] = ()
    """``family/kind``."""
    adversarial: tuple[str, ...] = ()
    """Categories of traps, or ``all``."""
    renderers: tuple[str, ...] = ()
    language: str = ENGLISH.code
    rephrased: bool = False
    """Each question in every renderer."""
    twins: tuple[str, ...] = ()
    """Designs of linked questions."""
    graph: str = ""
    """A graph of one's own, ``X->Y, Z->Y``: n is the most that is asked of it."""
    split: str | None = None
    """``public``, ``private`` or ``rotating``; the last two follow from the operator's secret."""
    date: str = ""
    """Of a rotating split, ``YYYY-MM-DD``."""
    commitment: str = ""
    """What a set that follows from a secret was committed to when it was ordered: the service's to say."""
    words: tuple[OwnWords, ...] = ()
    """Domain files of one's own, beside ``domains``; without these the set is told in them alone."""
    adversarial_to: str | None = None
    """An evaluation, at whose weak spots the set aims as they are when it is ordered."""
    weights: Mapping[str, int] = field(default_factory=dict)
    """Of kinds, regimes and levels, as those weak spots gave them."""
    settings: tuple[Setting, ...] = ()
    """In place of suite and n: settings of the dials with their twin groups, such as an adaptive choice gives."""

    @property
    def name(self) -> str:
        """What the set is called."""
        return f"{self.suite or ('set' if self.settings else 'generated')}/{self.seed}"


def keyed_plan(service: Service, wanted: SetOrder) -> Plan:
    """The plan of an order, with its key where it is of a split that follows from a secret.

    Raises:
        UnknownName, UsageError: as for :func:`plan_of`.
        Conflict: the secret is not there, or is another than when the set was ordered.
    """
    plan = plan_of(wanted)
    if wanted.split in splits.KEYED:
        plan = splits.keyed(service, plan, split=wanted.split, project=wanted.project)
        splits.check_commitment(plan, wanted.commitment)
    return plan


def pinned(wanted: SetOrder, plan: Plan) -> SetOrder:
    """The same order, which says itself to what a set that follows from a secret is committed."""
    return wanted if plan.secret is None else replace(wanted, commitment=commitment_to(plan))


def plan_of(wanted: SetOrder) -> Plan:
    """The plan of an order.

    Raises:
        UsageError: not just one of suite, n and settings, or more than is generated here.
        UnknownName: a family, kind, domain, regime, renderer, language, category or suite does not exist.
    """
    if (wanted.suite is not None) + (wanted.n is not None) + bool(wanted.settings) != 1:
        raise UsageError("give one of suite (a named plan), n (a number of questions) and settings (of the dials)")
    plan = _plan_of(wanted)
    check_plan(plan)
    if plan.n > LARGEST_GENERATED:
        what = f"n is {plan.n}" if wanted.suite is None else f"suite {wanted.suite!r} has {plan.n} questions"
        raise UsageError(
            f"{what}: at most {LARGEST_GENERATED} are generated here; make more with `causal-eval generate` or `eval`"
        )
    return plan


def _plan_of(wanted: SetOrder) -> Plan:
    if wanted.suite is not None:
        if wanted != SetOrder(wanted.project, wanted.seed, wanted.suite):
            raise UsageError(f"suite {wanted.suite!r} is what its name says: give it a seed alone, or n with all else")
        return suite(wanted.suite, wanted.seed)
    n = asked(wanted.settings) if wanted.n is None else wanted.n
    plan = Plan(
        n, wanted.seed, wanted.families, (*wanted.domains, *_own(wanted.words)), wanted.regimes,
        wanted.difficulties, kinds=wanted.kinds, graph=wanted.graph, renderers=wanted.renderers,
        language=wanted.language, rephrased=wanted.rephrased, twins=wanted.twins, weights=wanted.weights,
        settings=wanted.settings,
    )  # fmt: skip
    if wanted.split is not None or wanted.date:
        plan = replace(plan, seed=split_seed(plan.seed, wanted.split or "public", date=wanted.date))
    return trapped(plan, wanted.adversarial) if wanted.adversarial else plan


def _own(words: tuple[OwnWords, ...]) -> tuple[Domain, ...]:
    if len(words) > MOST_WORDS:
        raise UsageError(f"words has {len(words)} files: give {MOST_WORDS} at most")
    if long := next((one for one in words if len(one.text) > LARGEST_TEXT), None):
        raise UsageError(f"words {long.name} has {len(long.text)} characters: at most {LARGEST_TEXT} are taken here")
    return tuple(own_text(one.text.encode(), name=one.name, path=f"words {one.name}.toml") for one in words)
