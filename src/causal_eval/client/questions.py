"""Question sets and their questions, and solving."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal

import msgspec

from causal_eval.client.asking import Asking, Call, quoted
from causal_eval.client.evaluations import AskedQuestion
from causal_eval.client.shapes import Order, Shape


class QuestionSet(Shape, frozen=True):
    """A set of questions."""

    digest: str
    hash: str
    name: str
    generator: str
    count: int
    created_at: str


class Words(Order, frozen=True):
    """A domain file of one's own."""

    name: str
    """What the file is called, without ``.toml``."""
    text: str


class Setting(Order, frozen=True):
    """A setting of the generator's dials, and how many twin groups are to be made with it."""

    kind: str
    """``family/kind``."""
    regime: str
    size: int
    """Level of difficulty, 1 to 5."""
    groups: int


class SetOrder(Order, frozen=True, kw_only=True):
    """A question set that is to be generated: a named suite, n questions, or settings of the dials."""

    project: str = "local"
    seed: str = "0"
    suite: str | None = None
    n: int | None = None
    families: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    regimes: tuple[str, ...] = ()
    difficulties: tuple[int, int] = (1, 5)
    kinds: tuple[str, ...] = ()
    """``family/kind``."""
    adversarial: tuple[str, ...] = ()
    """Categories of traps, or ``all``."""
    adversarial_to: str | None = None
    """An evaluation, at whose weak spots the set aims."""
    renderers: tuple[str, ...] = ()
    language: str = "en"
    rephrased: bool = False
    twins: tuple[str, ...] = ()
    """Designs of linked questions."""
    graph: str = ""
    split: Literal["public", "private", "rotating"] | None = None
    date: str = ""
    """Of a rotating split, ``YYYY-MM-DD``."""
    words: tuple[Words, ...] = ()
    """Domain files of one's own."""
    settings: tuple[Setting, ...] = ()
    """In place of suite and n: what ``next`` of an ability says."""


class Commitment(Shape, frozen=True):
    """The commitment to a set that follows from a secret, and once it is revealed what the set follows from."""

    question_set: str
    project: str
    split: str
    commitment: dict[str, Any]
    """To be published before anybody answers."""
    created_at: float
    revealed_at: float | None
    secret: str | None


class Making(Shape, frozen=True):
    """Something that a worker makes: a question set, a check of one, or an evaluation that waits for one."""

    id: str
    project: str
    kind: str
    name: str
    status: str
    """``open``, ``done`` or ``failed``."""
    wanted: int
    made: int
    after: str | None
    question_set: str | None
    evaluation: str | None
    requested_by: str
    created_at: float
    ended_at: float | None
    note: str


class TriedShortcut(Shape, frozen=True):
    """What an answerer that sees no causality scores in a family."""

    name: str
    score: float | None
    low: float | None
    high: float | None
    limit: float
    pays: bool


class CheckedFamily(Shape, frozen=True):
    """What was found of a family's questions."""

    family: str
    questions: int
    units: int
    clusters: int
    levels: dict[str, int]
    distinct: dict[str, int]
    mismatches: tuple[str, ...]
    repeats: tuple[tuple[str, ...], ...]
    nearest: str | None
    commonest: str
    chance: float
    sound: bool
    words: float
    grade: float
    shortcuts: tuple[TriedShortcut, ...]


class CheckedSet(Shape, frozen=True):
    """What was found of a question set, with its data card."""

    set: str
    questions: int
    sound: bool
    unsound: tuple[str, ...]
    families: tuple[CheckedFamily, ...]
    card: str


class Verification(Shape, frozen=True):
    """What became of verifying a part of a set."""

    checked: int
    mismatches: dict[str, str]
    next: int | None


class Explanation(Shape, frozen=True):
    """A question with its proof card, as plain text."""

    question: AskedQuestion
    card: str


class Suite(Shape, frozen=True):
    """A named plan."""

    name: str
    questions: int
    version: int
    about: str


class FamilyKind(Shape, frozen=True):
    """One thing that a family asks."""

    name: str
    rung: int
    size: int
    joint: bool
    chance: float | None


class TaskFamily(Shape, frozen=True):
    """A task family."""

    name: str
    title: str
    kinds: tuple[FamilyKind, ...]
    distinct: dict[str, int]
    """Difficulty -> twin groups that it can make at least."""
    shortcuts: dict[str, float]


class Domains(Shape, frozen=True):
    """In what questions are told."""

    domains: tuple[str, ...]
    regimes: tuple[str, ...]
    renderers: tuple[str, ...]
    languages: tuple[str, ...]
    categories: tuple[str, ...]
    """Of traps."""
    designs: tuple[str, ...]
    """Of linked questions."""


class SampleQuestion(Shape, frozen=True):
    """A question in somebody's own words."""

    family: str
    regime: str
    prompt: str


class CheckedDomain(Shape, frozen=True):
    """The rule that a domain file breaks, or how its words sound."""

    problem: str
    """Empty: every rule is kept."""
    title: str
    units: str
    quantities: int
    reason: tuple[str, ...]
    warnings: tuple[str, ...]
    samples: tuple[SampleQuestion, ...]


class SolvedStep(Shape, frozen=True):
    """A step of a derivation."""

    id: str
    rule: str
    text: str
    expression: Any
    value: Any


class Solved(Shape, frozen=True):
    """The answer to a case, with its derivation."""

    id: Any
    answer: Any
    method: str
    derivation: tuple[SolvedStep, ...]
    certificate: Any = None


class Questions(Asking):
    """The routes of this part of the service, each by its operation id."""

    async def create_question_set(self, order: SetOrder, *, idempotency_key: str = "") -> QuestionSet:
        """Generate a set; both solvers agree on every question of it. A large one is there once a worker made it."""
        call = Call("POST", "/question-sets", body=order, once=idempotency_key)
        return await self._ask_made(call, QuestionSet, of="question_set")

    async def bring_question_set(
        self, file: str, *, name: str, project: str = "local", idempotency_key: str = ""
    ) -> QuestionSet:
        """Keep a question file of one's own, JSON lines, as a set."""
        body = {"file": file, "name": name, "project": project}
        call = Call("POST", "/question-sets/files", body=body, once=idempotency_key)
        return await self._ask(call, QuestionSet)

    def list_makings(self, *, project: str | None = None) -> AsyncIterator[Making]:
        """The newest makings of a project, or of all of the caller's."""
        return self._pages(Call("GET", "/makings", query={"project": project}), Making)

    async def get_making(self, making: str) -> Making:
        """One making and how far it is."""
        return await self._ask(Call("GET", f"/makings/{quoted(making)}"), Making)

    async def cancel_making(self, making: str) -> Making:
        """Have it made no further: by whoever ordered it, or an admin."""
        return await self._ask(Call("POST", f"/makings/{quoted(making)}/cancel"), Making)

    async def create_check(self, question_set: str, *, project: str | None = None, idempotency_key: str = "") -> Making:
        """Have every question of a set proven again, and let shortcuts try it."""
        path = f"/question-sets/{quoted(question_set)}/checks"
        return await self._ask(Call("POST", path, query={"project": project}, once=idempotency_key), Making)

    async def get_check(self, making: str) -> CheckedSet:
        """What was found of a set that is checked, with its data card."""
        return await self._ask(Call("GET", f"/makings/{quoted(making)}/document"), CheckedSet)

    async def get_check_page(self, making: str) -> str:
        """The same as one page of HTML."""
        return await self._text(Call("GET", f"/makings/{quoted(making)}/page"))

    def list_question_sets(self, *, project: str | None = None) -> AsyncIterator[QuestionSet]:
        """The newest sets of a project, or of all of the caller's."""
        return self._pages(Call("GET", "/question-sets", query={"project": project}), QuestionSet)

    async def get_question_set(self, question_set: str) -> QuestionSet:
        """One set."""
        return await self._ask(Call("GET", f"/question-sets/{quoted(question_set)}"), QuestionSet)

    async def get_commitment(self, question_set: str) -> Commitment:
        """What a private or rotating set was committed to before anybody answered."""
        return await self._ask(Call("GET", f"/question-sets/{quoted(question_set)}/commitment"), Commitment)

    async def disclose_question_set(self, question_set: str) -> Commitment:
        """Reveal what a private or rotating set follows from, for good; for admins, once it was scored."""
        return await self._ask(Call("POST", f"/question-sets/{quoted(question_set)}/reveal"), Commitment)

    def list_questions(self, question_set: str) -> AsyncIterator[AskedQuestion]:
        """Its questions in order, answers and proofs included."""
        return self._pages(Call("GET", f"/question-sets/{quoted(question_set)}/questions"), AskedQuestion)

    async def export_question_set(
        self, question_set: str, *, part: Literal["public", "gold"] = "public"
    ) -> AsyncIterator[dict[str, Any]]:
        """The set's question file, a question at a time: what may be published, or with answers and proofs."""
        call = Call("GET", f"/question-sets/{quoted(question_set)}/file", query={"part": part})
        async for line in self._lines(call, {}, silence=self._patience.seconds):
            question: dict[str, Any] = msgspec.json.decode(line)
            yield question

    async def verify_question_set(self, question_set: str, *, start: int = 0, limit: int = 100) -> Verification:
        """Derive a part of the set anew from its prompts, and say what differs."""
        return await self._ask(
            Call("POST", f"/question-sets/{quoted(question_set)}/verify", query={"start": start, "limit": limit}),
            Verification,
        )

    async def explain_question(self, question_set: str, question: str) -> Explanation:
        """One question with its proof card."""
        return await self._ask(
            Call("GET", f"/question-sets/{quoted(question_set)}/questions/{quoted(question)}"), Explanation
        )

    async def verify_question(self, question_set: str, question: str) -> Verification:
        """Derive one question anew from its prompt, and say what differs."""
        return await self._ask(
            Call("POST", f"/question-sets/{quoted(question_set)}/questions/{quoted(question)}/verify"), Verification
        )

    async def list_suites(self) -> tuple[Suite, ...]:
        """Named plans of question sets."""
        return await self._ask(Call("GET", "/suites"), tuple[Suite, ...])

    async def list_families(self) -> tuple[TaskFamily, ...]:
        """Every task family and what it asks."""
        return await self._ask(Call("GET", "/families"), tuple[TaskFamily, ...])

    async def list_domains(self) -> Domains:
        """In what questions are told, and which traps there are."""
        return await self._ask(Call("GET", "/domains"), Domains)

    async def check_domain(self, name: str, *, text: str, seed: str = "0") -> CheckedDomain:
        """Hold a domain file of one's own, TOML, against every rule, and see sample questions in its words."""
        body = {"name": name, "text": text, "seed": seed}
        return await self._ask(Call("POST", "/domains/check", body=body), CheckedDomain)

    async def solve(self, case: Mapping[str, Any]) -> Solved:
        """Answer a causal query on a graph or model exactly, as ``causal-eval solve`` does."""
        return await self._ask(Call("POST", "/solve", body=case), Solved)
