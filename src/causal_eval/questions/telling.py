"""A twin group in words: cast, rendered, proven; once, in several layouts, or in all settings of a dial."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from causal_eval.questions.answers import gold_of, numbers_in, spec_of
from causal_eval.questions.dials.claim import claim_of
from causal_eval.questions.dials.dial import Claims, Design, Drawn, Stand
from causal_eval.questions.dials.label import labelled
from causal_eval.questions.domain import Domain
from causal_eval.questions.facts import Facts, decisive
from causal_eval.questions.family import Family, Group, Kind
from causal_eval.questions.languages import language
from causal_eval.questions.lexicon import Lexicon
from causal_eval.questions.prove import Proof, certificate_of
from causal_eval.questions.question import GENERATOR, AnswerSpec, Question, canonical, content_id
from causal_eval.questions.render import RENDERERS, render
from causal_eval.questions.story import Cast, capacity, cast, words_of
from causal_eval.seeds import Stream


@dataclass(frozen=True, slots=True)
class Slot:
    """One twin group to be made: which family, kind, domain, regime, difficulty and renderer, and its number."""

    family: Family
    kind: Kind
    domain: str | Domain
    regime: str
    difficulty: int
    number: int
    renderer: str = "list"
    language: str = "en"
    words: Cast | None = None
    """Those of a user's own graph; others are cast."""


class _Printed(NamedTuple):
    """The prompt of a question, and what it has in common with its twins."""

    prompt: str
    cluster: str
    twin: str | None
    seed: str


def pose(slot: Slot, stream: Stream, *, seed: str) -> list[Question]:
    """The questions of one twin group; both solvers have agreed on each."""
    return told(slot, drawn(slot, stream), stream=stream, seed=seed)


def drawn(slot: Slot, stream: Stream) -> Group:
    """The twin group of that place, before it has words."""
    return slot.family.draw(stream.child("draw"), slot.kind, slot.difficulty)


def told(slot: Slot, group: Group, *, stream: Stream, seed: str, claims: Claims | None = None) -> list[Question]:
    """The questions of *group* in words; both solvers have agreed on each. With *claims* each prompt has one.

    Nothing where something is to be claimed, and one of them has no wrong answer that could be.
    """
    words = slot.words or cast_of(slot, group, stream=stream)
    lexicon = Lexicon.of(words.names, words.states, language=language(slot.language))
    proofs = list(_proofs(slot.family, group))
    members = list(group.members)
    if claims:
        found = [
            _claiming(
                slot.family, facts, proof=proof, lexicon=lexicon, claims=claims, stream=stream.child("claim", index)
            )
            for index, (facts, proof) in enumerate(zip(members, proofs, strict=True))
        ]
        members = [facts for facts in found if facts]
        if len(members) < len(found):
            return []
    prompts = [
        render(facts, lexicon, context=words.context, stream=stream.child("render", index), renderer=slot.renderer)
        for index, facts in enumerate(members)
    ]
    cluster = content_id("c", prompts)
    twin = cluster.replace("c-", "t-") if len(prompts) > 1 else None
    printed = [_Printed(prompt, cluster, twin, seed) for prompt in prompts]
    return [
        _question(slot, facts, proof=proof, printed=one, lexicon=lexicon)
        for facts, proof, one in zip(members, proofs, printed, strict=True)
    ]


def cast_of(slot: Slot, group: Group, *, stream: Stream) -> Cast:
    """The words in which *group* is told at that place."""
    return cast(
        slot.domain, slot.regime, order=group.order, n=group.n, stream=stream.child("cast"), language=slot.language
    )


def _claiming(family: Family, facts: Facts, *, proof: Proof, lexicon: Lexicon, claims: Claims, stream: Stream) -> Facts:
    """The facts with a claim, or nothing where there is none to make."""
    spec = spec_of(family, facts, lexicon=lexicon)
    gold = gold_of(spec, family.answer(facts, proof.value), lexicon=lexicon)
    certificate = certificate_of(family, facts, proof=proof, spec=spec, lexicon=lexicon)
    claim = claim_of(spec, gold, mistakes=certificate.mistakes, claims=claims, stream=stream)
    return (*facts, claim) if claim else ()


def rephrased(slot: Slot, stream: Stream, *, seed: str, renderers: Sequence[str] = tuple(RENDERERS)) -> list[Question]:
    """The questions of one twin group in each of *renderers*: one cluster, the same facts and the same answers."""
    return versions(slot, drawn(slot, stream), stream=stream, seed=seed, renderers=renderers)


def versions(slot: Slot, group: Group, *, stream: Stream, seed: str, renderers: Sequence[str]) -> list[Question]:
    """The questions of *group* in each of *renderers*, as one cluster."""
    found = [told(replace(slot, renderer=name), group, stream=stream, seed=seed) for name in renderers]
    if len(found) == 1:
        return found[0]
    cluster = found[0][0].cluster
    return [replace(question, cluster=cluster) for version in found for question in version]


def turned(
    slot: Slot, group: Group, questions: Sequence[Question], *, dials: Sequence[Design], stream: Stream
) -> list[Question]:
    """All settings of one of *dials* for *group*, whose own *questions* are told, as one cluster.

    Nothing where there is none, it does not suit this group, or the kind's own twins are the design.
    """
    dial = stream.child("dial").choice(dials) if dials else None
    if dial is None or dial.turn is None:
        return []
    drawn_here = Drawn(slot.family, slot.kind, slot.difficulty, group)
    stands = dial.turn(drawn_here, numbers_in(questions), stream.child("dial", dial.name))
    widest = max((stand.drawn.group for stand in stands), key=lambda one: one.n, default=group)
    if slot.words or widest.n > capacity(slot.domain, slot.regime):
        return []
    words = cast_of(slot, widest, stream=stream) if dial.is_one_cast else None
    settings = [_stood(slot, stand, words=words, stream=stream, seed=questions[0].seed) for stand in stands]
    if not all(settings) or (dial.keeps_answers and len({canonical([q.gold for q in one]) for one in settings}) > 1):
        return []
    cluster = questions[0].cluster
    twins = [labelled(cluster.replace("c-", "t-"), dial.name, value=stand.value) for stand in stands]
    return [
        replace(question, cluster=cluster, twin=twin)
        for twin, setting in zip(twins, settings, strict=True)
        for question in setting
    ]


def _stood(slot: Slot, stand: Stand, *, words: Cast | None, stream: Stream, seed: str) -> list[Question]:
    """The questions of one setting; names are those of the widest, as far as it has these nodes."""
    of, n = stand.drawn, stand.drawn.group.n
    place = replace(
        slot, family=of.family, kind=of.kind, difficulty=of.difficulty, regime=stand.regime or slot.regime,
        words=words and replace(words, names=words.names[:n], states=words.states[:n]),
    )  # fmt: skip
    own = stream if words or stand.regime else stream.child("stand", stand.value)
    return told(place, of.group, stream=own, seed=seed, claims=stand.claims)


def identity(question: Question) -> str:
    """The content hash of all that decides what is asked and what is right."""
    return _identity(question.family, question.kind, prompt=question.prompt, spec=question.answer, gold=question.gold)


def _identity(family: str, kind: str, *, prompt: str, spec: AnswerSpec, gold: object) -> str:
    return content_id("q", [family, kind, prompt, spec, gold, GENERATOR])


def _proofs(family: Family, group: Group) -> Iterator[Proof]:
    """The proof of every member's case; neighbours that ask of one case, each in its own words, share it."""
    proof: Proof | None = None
    for facts in group.members:
        asked = family.case(facts, group.n)
        if proof is None or not proof.answers(asked):
            proof = Proof.of(asked)
        yield proof


def _question(slot: Slot, facts: Facts, *, proof: Proof, printed: _Printed, lexicon: Lexicon) -> Question:
    family, kind, prompt = slot.family, slot.kind, printed.prompt
    deciding = decisive(facts)
    spec = spec_of(family, deciding, lexicon=lexicon)
    gold = gold_of(spec, family.answer(deciding, proof.value), lexicon=lexicon)
    return Question(
        id=_identity(family.name, kind.name, prompt=prompt, spec=spec, gold=gold), family=family.name, kind=kind.name,
        rung=kind.rung, domain=words_of(slot.domain).id, regime=slot.regime, difficulty=slot.difficulty,
        cluster=printed.cluster, twin=printed.twin, joint=kind.joint, exempt=kind.exempt, prompt=prompt, answer=spec,
        gold=gold, certificate=certificate_of(family, facts, proof=proof, spec=spec, lexicon=lexicon),
        seed=printed.seed, renderer=slot.renderer, language=slot.language,
    )  # fmt: skip
