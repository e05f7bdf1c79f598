"""Question sets and their questions, solving, and who can be asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

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


class SetOrder(Order, frozen=True, kw_only=True):
    """A question set that is to be generated: a named suite, or n questions."""

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


class FamilyKind(Shape, frozen=True):
    """One thing that a family asks."""

    name: str
    rung: int
    size: int
    joint: bool


class TaskFamily(Shape, frozen=True):
    """A task family."""

    name: str
    title: str
    kinds: tuple[FamilyKind, ...]


class Domains(Shape, frozen=True):
    """Where questions are set, and in which vocabulary."""

    domains: tuple[str, ...]
    regimes: tuple[str, ...]


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


class KeyHealth(Shape, frozen=True):
    """What the workers have met with a provider's key."""

    key: str
    cooldown_until: float | None
    revoked_at: float | None
    breaker: str
    note: str
    updated_at: float


class Provider(Shape, frozen=True):
    """A provider whose models can be asked."""

    name: str
    dialect: str
    configured: bool
    keys: int
    switched_off: str
    batches: bool
    form: str
    states: tuple[KeyHealth, ...]


class Endpoint(Shape, frozen=True):
    """An address at which models can be asked; it is set up, but only what is usable is asked."""

    name: str
    """What stands before the model."""
    origin: str
    """Scheme, host and port."""
    keys: int
    """The service's own."""
    project_keys: int
    """The project's for this origin: they take the place of the service's."""
    usable: bool
    switched_off: str
    fault: str
    states: tuple[KeyHealth, ...]


class Questions(Asking):
    """The routes of this part of the service, each by its operation id."""

    async def create_question_set(self, order: SetOrder, *, idempotency_key: str = "") -> QuestionSet:
        """Generate a set; both solvers agree on every question of it."""
        return await self._ask(Call("POST", "/question-sets", body=order, once=idempotency_key), QuestionSet)

    def list_question_sets(self, *, project: str | None = None) -> AsyncIterator[QuestionSet]:
        """The newest sets of a project, or of all of the caller's."""
        return self._pages(Call("GET", "/question-sets", query={"project": project}), QuestionSet)

    async def get_question_set(self, question_set: str) -> QuestionSet:
        """One set."""
        return await self._ask(Call("GET", f"/question-sets/{quoted(question_set)}"), QuestionSet)

    def list_questions(self, question_set: str) -> AsyncIterator[AskedQuestion]:
        """Its questions in order, answers and proofs included."""
        return self._pages(Call("GET", f"/question-sets/{quoted(question_set)}/questions"), AskedQuestion)

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
        """Where questions are set, and in which vocabularies."""
        return await self._ask(Call("GET", "/domains"), Domains)

    async def solve(self, case: Mapping[str, Any]) -> Solved:
        """Answer a causal query on a graph or model exactly, as ``causal-eval solve`` does."""
        return await self._ask(Call("POST", "/solve", body=case), Solved)

    async def list_providers(self) -> tuple[Provider, ...]:
        """Providers and whether they are set up here; no key is ever shown."""
        return await self._ask(Call("GET", "/providers"), tuple[Provider, ...])

    async def get_provider(self, provider: str) -> Provider:
        """One provider."""
        return await self._ask(Call("GET", f"/providers/{quoted(provider)}"), Provider)

    async def list_endpoints(self, *, project: str = "local") -> tuple[Endpoint, ...]:
        """Where a project can have models asked: what is set up here, whether there are keys, and how they are."""
        return await self._ask(Call("GET", "/endpoints", query={"project": project}), tuple[Endpoint, ...])
