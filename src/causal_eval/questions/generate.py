"""Questions without end from a seed: same plan and generator version, same bytes."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import NamedTuple, TypeVar

from causal_eval.errors import UnknownName, UsageError
from causal_eval.questions.dials.designs import designs_for, kinds_for
from causal_eval.questions.distinct import Key, of_kinds, published
from causal_eval.questions.domain import Domain
from causal_eval.questions.facts import Facts
from causal_eval.questions.family import Family, Group, Kind
from causal_eval.questions.languages import language
from causal_eval.questions.lexicon import ENGLISH
from causal_eval.questions.narrowing import checked_sum, in_turn, narrowed
from causal_eval.questions.own_graph import able, asked_of
from causal_eval.questions.question import GENERATOR, Question, content_id
from causal_eval.questions.render import RENDERERS
from causal_eval.questions.settings import SIZES, Setting, asked, places
from causal_eval.questions.shape import shape_of
from causal_eval.questions.story import REGIMES, domains
from causal_eval.questions.telling import Slot, drawn, told, turned, versions
from causal_eval.questions.translation import translated_domains
from causal_eval.seeds import Stream

DIFFICULTIES = (SIZES[0], SIZES[-1])

TRANSLATED = ("attribution", "effect", "counterfactual", "chain", "confounding")
"""The families that every language tells."""

_REDRAWS = 5_000
"""Draws in vain after which a kind has nothing new to ask; a plan within what is published does not come to that."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to generate; empty selections mean all."""

    n: int
    seed: str
    families: tuple[str, ...] = ()
    domains: tuple[str | Domain, ...] = ()
    """Names of those that come with the package, and a user's own (:func:`causal_eval.questions.story.own`)."""
    regimes: tuple[str, ...] = ()
    difficulties: tuple[int, int] = DIFFICULTIES
    secret: bytes | None = None
    """HMAC key: without it nobody can make the same set; revealed after scoring."""
    kinds: tuple[str, ...] = ()
    """``family/kind``: of its family this alone; its family joins those that are named."""
    graph: str = ""
    """A user's own graph: its questions (at most ``n``) are all about it, in its own names."""
    weights: Mapping[str, int] = field(default_factory=dict)
    """Share of a kind (``family/kind``), regime or level (``"3"``) beside its like, 1 where none is given; 0: none.

    Where a kind has one, families come as often as their kinds weigh, and not in turn.
    """
    renderers: tuple[str, ...] = ()
    """How prompts are laid out: names of :data:`causal_eval.questions.render.RENDERERS`."""
    language: str = "en"
    """Code of the language: others than English tell some families (``TRANSLATED``) and domains alone."""
    rephrased: bool = False
    """Each twin group stands in the set once in every one of ``renderers``, all of them one cluster."""
    twins: tuple[str, ...] = ()
    """Linked questions, of these designs (:data:`causal_eval.questions.dials.designs.DESIGNS`); what does not add up to
    ``n`` is filled with the same kinds unlinked."""
    settings: tuple[Setting, ...] = ()
    """In place of families, kinds, regimes and difficulties: just these, which make ``n`` questions."""


class Made(NamedTuple):
    """A twin group that was made before, by an earlier process."""

    questions: int
    again: int
    """How often it was drawn before it was new."""
    shape: str | None
    """As later groups are held against it; None: it is to be drawn again."""


def generate(plan: Plan, *, made: Mapping[int, Made] | None = None) -> Iterator[Question]:
    """Exactly ``plan.n`` questions, twin groups whole and next to each other; the groups *made*, by number, left out.

    Raises:
        SolversDisagree: the two exact solvers differ on a question: a bug, generation stops.
        UsageError: ``plan.n`` is below 1 or the difficulties are not within 1 to 5.
        UnknownName: a family, domain or regime does not exist.
    """
    check_plan(plan)
    there = made or {}
    if plan.graph:
        yield from itertools.islice(_on_graph(plan), sum(one.questions for one in there.values()), None)
        return
    times = len(_layouts(plan)) or 1
    left, whole = plan.n // times, checked_sum(_chosen(plan), plan.n // times)
    seen: set[str] = set()
    for slot in _slots(plan):
        fitting = _fitting(slot, left, whole=whole)
        if fitting is None:
            continue
        if (earlier := there.get(slot.number)) is not None:
            seen.add(earlier.shape or _shape_drawn(fitting, plan, again=earlier.again))
            count = earlier.questions
        else:
            questions = _fresh(fitting, plan, seen=seen, room=whole[left::-1])
            yield from questions
            count = len(questions)
        left -= count // times
        if left == 0:
            return


def shape(family: str, members: Iterable[Facts], n: int) -> str:
    """What two twin groups of a family have in common that differ in their words alone."""
    return f"{family} {shape_of(members, n)}"


def _fresh(slot: Slot, plan: Plan, *, seen: set[str], room: Sequence[int]) -> list[Question]:
    """The group's questions; a group that is an earlier one in other words is drawn again.

    Linked ones where the plan wants them, and as many as that still find *room*: ``room[k]`` says whether k do.
    """
    for again in range(_REDRAWS):
        stream = _stream(slot, plan, again=again)
        group = drawn(slot, stream)
        found = shape(slot.family.name, group.members, group.n)
        if found not in seen:
            seen.add(found)
            seed = f"{plan.seed}/{slot.number}/{again}"
            return _linked(slot, group, plan=plan, stream=stream, seed=seed, room=room)
    raise UsageError(
        f"family {slot.family.name!r}, difficulty {slot.difficulty}: no question in {_REDRAWS:,} draws that differs "
        "from the others by more than its words; ask for fewer questions or a wider range of difficulties"
    )


def _stream(slot: Slot, plan: Plan, *, again: int) -> Stream:
    parts = ("questions", GENERATOR, plan.seed, slot.family.name, slot.kind.name, slot.number, again)
    return Stream(*parts) if plan.secret is None else Stream.keyed(plan.secret, *parts)


def _shape_drawn(slot: Slot, plan: Plan, *, again: int) -> str:
    group = drawn(slot, _stream(slot, plan, again=again))
    return shape(slot.family.name, group.members, group.n)


def _linked(slot: Slot, group: Group, *, plan: Plan, stream: Stream, seed: str, room: Sequence[int]) -> list[Question]:
    """The questions of *group*, in every layout or turned by a dial, where the plan wants that and there is room."""
    questions = versions(slot, group, stream=stream, seed=seed, renderers=_layouts(plan) or (slot.renderer,))
    dials = designs_for(f"{slot.family.name}/{slot.kind.name}", plan.twins)
    found = turned(slot, group, questions, dials=dials, stream=stream)
    return found if 0 < len(found) < len(room) and room[len(found)] else questions


def _on_graph(plan: Plan) -> Iterator[Question]:
    """At most ``plan.n`` of all questions that the families can ask of the graph; one model is one cluster."""
    chosen = narrowed(plan.families or (() if plan.kinds else able()), plan.kinds, weights=plan.weights)
    parts = ("own graph", GENERATOR, plan.seed, plan.graph)
    stream = Stream(*parts) if plan.secret is None else Stream.keyed(plan.secret, *parts)
    found = asked_of(plan.graph, chosen, stream=stream.child("draw"))
    for number, (family, kind, group, words, difficulty) in enumerate(found[: plan.n]):
        slot = Slot(family, kind, words.domain, words.regime, difficulty, number, words=words)
        for question in told(slot, group, stream=stream.child(number), seed=f"{plan.seed}/{number}"):
            yield replace(question, cluster=content_id("c", plan.graph))


def _slots(plan: Plan) -> Iterator[Slot]:
    """Families in turn; kinds, domains, regimes and difficulties in shuffled rounds, so that counts stay balanced."""
    if plan.settings:
        yield from _set(plan)
        return
    low, high = plan.difficulties
    chosen = _chosen(plan)
    worlds = _worlds(plan)
    regimes, levels = _often(plan.regimes or REGIMES, plan), _often(range(low, high + 1), plan)
    rounds = {
        family.name: _rounds(
            Stream("plan", GENERATOR, plan.seed, family.name),
            [kind for kind in family.kinds for _ in range(kind.weight)],
            worlds=worlds,
            regimes=regimes,
            levels=levels,
            renderers=plan.renderers or tuple(RENDERERS),
        )
        for family in chosen
    }
    for number, family in enumerate(_turns(chosen, plan)):
        kind, domain, regime, difficulty, renderer = next(rounds[family.name])
        yield Slot(family, kind, domain, regime, difficulty, number, renderer, plan.language)


def _set(plan: Plan) -> Iterator[Slot]:
    """Those of the plan's settings; domains and renderers in shuffled rounds."""
    stream = Stream("plan", GENERATOR, plan.seed, "settings")
    worlds = _shuffled_rounds(stream.child("domain"), _worlds(plan))
    renderers = _shuffled_rounds(stream.child("renderer"), plan.renderers or tuple(RENDERERS))
    for number, (family, kind, regime, size) in enumerate(places(plan.settings)):
        yield Slot(family, kind, next(worlds), regime, size, number, next(renderers), plan.language)


def _worlds(plan: Plan) -> Sequence[str | Domain]:
    return plan.domains or (domains() if plan.language == ENGLISH.code else translated_domains(plan.language))


def _chosen(plan: Plan) -> tuple[Family, ...]:
    """The families of the plan, narrowed to its kinds.

    Raises:
        UsageError: one of them is not told in the plan's language.
    """
    kinds, names = plan.kinds or tuple(one.kind for one in plan.settings), plan.families
    if plan.twins:
        kinds = kinds_for(plan.twins, families=names, kinds=kinds)
        names = () if kinds else names
    told_all = plan.language == ENGLISH.code or names or kinds
    chosen = narrowed(names if told_all else TRANSLATED, kinds, weights=plan.weights)
    foreign = [one.name for one in chosen if one.name not in TRANSLATED and plan.language != ENGLISH.code]
    if foreign:
        raise UsageError(
            f"family {foreign[0]!r} is told in English only; in {language(plan.language).title} there are "
            f"{', '.join(TRANSLATED)}"
        )
    return chosen


def _layouts(plan: Plan) -> tuple[str, ...]:
    """The renderers in which each group stands; none: it stands in one, which comes in turn."""
    return (plan.renderers or tuple(RENDERERS)) if plan.rephrased else ()


def _often(items: Sequence[_T], plan: Plan) -> list[_T]:
    """Each of the regimes or levels as often as it weighs."""
    return [item for item in items for _ in range(plan.weights.get(str(item), 1))]


def _turns(chosen: Sequence[Family], plan: Plan) -> Iterator[Family]:
    """Families in turn; in shuffled rounds where they weigh differently."""
    turn = in_turn(chosen, plan.weights)
    if len(turn) == len(chosen):
        return itertools.cycle(turn)
    return _shuffled_rounds(Stream("plan", GENERATOR, plan.seed), turn)


def _rounds(
    stream: Stream,
    kinds: Sequence[Kind],
    *,
    worlds: Sequence[str | Domain],
    regimes: Sequence[str],
    levels: Sequence[int],
    renderers: Sequence[str],
) -> Iterator[tuple[Kind, str | Domain, str, int, str]]:
    return zip(
        _shuffled_rounds(stream.child("kind"), kinds),
        _shuffled_rounds(stream.child("domain"), worlds),
        _shuffled_rounds(stream.child("regime"), regimes),
        _shuffled_rounds(stream.child("difficulty"), levels),
        _shuffled_rounds(stream.child("renderer"), renderers),
        strict=True,
    )


def _shuffled_rounds(stream: Stream, items: Sequence[_T]) -> Iterator[_T]:
    while True:
        yield from stream.shuffled(items)


def _fitting(slot: Slot, left: int, *, whole: Sequence[int]) -> Slot | None:
    """The place, or the same taken by the family's kind with the fewest twins, if groups can fill what is left then."""
    least = min(slot.family.kinds, key=lambda kind: kind.size)
    fits = [kind for kind in (slot.kind, least) if kind.size <= left and whole[left - kind.size]]
    return replace(slot, kind=fits[0]) if fits else None


def check_plan(plan: Plan) -> None:
    """Return where *plan* can be made, as far as that shows before anything is drawn.

    Raises:
        UsageError, UnknownName: as for :func:`generate`.
    """
    low, high = plan.difficulties
    if plan.n < 1:
        raise UsageError(f"n is {plan.n}: ask for at least 1 question")
    language(plan.language)
    if plan.n % (times := len(_layouts(plan)) or 1) or (plan.rephrased and plan.graph):
        raise UsageError(
            f"n is {plan.n}: each question is put in {times} ways, so give a multiple of {times}, and no graph"
        )
    if plan.twins and (plan.rephrased or plan.graph):
        raise UsageError("twins differ in one thing: leave out the other layouts, and the graph of yours")
    if not DIFFICULTIES[0] <= low <= high <= DIFFICULTIES[1]:
        raise UsageError(f"difficulty is {low}-{high}: choose a range within 1-5, e.g. 2-4")
    for name in plan.weights:
        if "/" not in name and name not in (*REGIMES, *map(str, range(DIFFICULTIES[0], DIFFICULTIES[1] + 1))):
            raise UnknownName("weight", name, REGIMES)
    for what, items in (("regime", plan.regimes or REGIMES), ("level", range(low, high + 1))):
        if not _often(items, plan):
            raise UsageError(f"every {what} of the plan has weight 0: give one a positive weight")
    _check_names(plan)
    if plan.settings:
        _check_settings(plan)
    else:
        _check_distinct(plan)


def _check_names(plan: Plan) -> None:
    named = [one for one in plan.domains if isinstance(one, str)]
    for what, names, known in (
        ("domain", named, domains()),
        ("regime", plan.regimes, REGIMES),
        ("renderer", plan.renderers, tuple(RENDERERS)),
    ):
        for name in names:
            if name not in known:
                raise UnknownName(what, name, known)


def _check_settings(plan: Plan) -> None:
    """Whether they say all that is asked, add up to ``n``, and their kinds can make so many twin groups."""
    bare = Plan(plan.n, plan.seed, domains=plan.domains, secret=plan.secret, renderers=plan.renderers)
    if plan != replace(bare, language=plan.language, settings=plan.settings):
        raise UsageError("settings say which questions: give domains, renderers and a language with them, nothing else")
    if (n := asked(plan.settings)) != plan.n:
        raise UsageError(f"n is {plan.n}: the settings ask {n} questions")
    _chosen(plan)
    wanted = Counter[Key]()
    for one in plan.settings:
        wanted[one.kind, one.size] += one.groups
    for key, groups in wanted.items():
        _check_there(plan, key, need=Fraction(groups), most=of_kinds())


def _check_distinct(plan: Plan) -> None:
    """Whether families, and kinds with few of them, can make so many different twin groups at each difficulty.

    Groups that a dial turns are counted as if none did: how many it turns shows only when they are drawn.
    """
    if plan.graph:
        return
    turn = in_turn(_chosen(plan), plan.weights)
    rounds = Fraction(plan.n, len(_layouts(plan)) or 1) / sum(_mean_size(family) for family in turn)
    levels = _often(range(plan.difficulties[0], plan.difficulties[1] + 1), plan)
    for family, level in itertools.product(_chosen(plan), levels):
        groups = rounds * [one.name for one in turn].count(family.name) * levels.count(level) / len(levels)
        _check_there(plan, (family.name, level), need=groups, most=published())
        for kind in family.kinds:
            share = Fraction(kind.weight, sum(one.weight for one in family.kinds))
            _check_there(plan, (f"{family.name}/{kind.name}", level), need=groups * share, most=of_kinds())


def _mean_size(family: Family) -> Fraction:
    """Questions of a group, over the family's kinds as often as they come."""
    return Fraction(sum(kind.size * kind.weight for kind in family.kinds), sum(kind.weight for kind in family.kinds))


def _check_there(plan: Plan, key: Key, *, need: Fraction, most: Mapping[Key, int]) -> None:
    if need > (there := most.get(key, need)):
        raise UsageError(
            f"n is {plan.n}: {key[0]!r} is known to make {there:,} distinct groups of questions at difficulty "
            f"{key[1]}, and {math.ceil(need):,} would be needed; ask for fewer, for more families or levels"
        )
