"""The leaderboard and submissions to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import msgspec

from causal_eval.client.asking import Asking, Call, quoted
from causal_eval.client.effects import FallenInto
from causal_eval.client.evaluations import CallOptions
from causal_eval.client.shapes import Order, Shape


class BoardEntry(Shape, frozen=True):
    """A result on the board; its rank counts those shown to be better than it or than one with a higher score."""

    rank: int
    best: int
    worst: int
    submission: str
    evaluation: str
    question_set: str
    answerer: str
    size: float | None
    seed: str
    flags: tuple[str, ...]
    scored_at: float
    score: float
    low: float | None
    high: float | None
    chance: float | None
    units: int
    clusters: int
    missing: int
    unparsed: int
    abstained: int
    cost: str | None
    incidents: tuple[FallenInto, ...]


class BoardChoice(Shape, frozen=True):
    """A board that holds something."""

    tier: str
    suite: str


class SigningKey(Shape, frozen=True):
    """What signatures of results are checked with: Ed25519, 32 bytes in base64."""

    id: str
    key: str
    algorithm: str = "Ed25519"


class Submission(Shape, frozen=True):
    """A submission; the seed of a verified one is shown once it is scored."""

    id: str
    project: str
    tier: str
    answerer: str
    about: dict[str, str]
    size: float | None
    suite: str
    question_set: str
    evaluation: str | None
    commitment: str
    """SHA-256 of the seed."""
    seed: str | None
    status: str
    flags: tuple[str, ...]
    is_public: bool
    signed: str | None
    """The text that is signed: canonical JSON."""
    signature: str | None
    """Ed25519 over its UTF-8, in base64."""
    created_at: float
    scored_at: float | None


class VerifiedEntry(Order, frozen=True, kw_only=True):
    """Our server asks, on questions from a seed that it keeps secret until it has scored."""

    answerer: str
    suite: str
    project: str = "local"
    about: dict[str, str] = msgspec.field(default_factory=dict)
    """Licence, link ..."""
    size: float | None = None
    """Billions of parameters."""
    is_public: bool = True
    call: CallOptions = msgspec.field(default_factory=CallOptions)
    budget: str | None = None
    """Dollars."""


class ReportedEntry(Order, frozen=True, kw_only=True):
    """Somebody has asked, and sends what was replied."""

    answerer: str
    suite: str
    seed: str
    answers: dict[str, str]
    """Question id -> the whole reply."""
    project: str = "local"
    about: dict[str, str] = msgspec.field(default_factory=dict)
    """Licence, link ..."""
    size: float | None = None
    """Billions of parameters."""
    is_public: bool = True


class ModerationLine(Shape, frozen=True):
    """A line of the log."""

    at: float
    actor: str
    action: str
    reason: str


class Board(Asking):
    """The routes of this part of the service, each by its operation id."""

    def get_leaderboard(
        self,
        suite: str,
        *,
        tier: Literal["verified", "self_reported"] = "verified",
        scope: str = "overall",
        project: str | None = None,
        min_size: float | None = None,
        max_size: float | None = None,
    ) -> AsyncIterator[BoardEntry]:
        """What is published for everybody, or what is scored in a project, of one tier and suite."""
        return self._pages(
            Call(
                "GET",
                "/leaderboard",
                query={
                    "suite": suite,
                    "tier": tier,
                    "scope": scope,
                    "project": project,
                    "min_size": min_size,
                    "max_size": max_size,
                },
            ),
            BoardEntry,
        )

    async def list_boards(self, *, project: str | None = None) -> tuple[BoardChoice, ...]:
        """Tiers and suites that something stands on."""
        return await self._ask(Call("GET", "/leaderboard/boards", query={"project": project}), tuple[BoardChoice, ...])

    async def list_scopes(
        self, suite: str, *, tier: Literal["verified", "self_reported"] = "verified", project: str | None = None
    ) -> tuple[str, ...]:
        """What a board can be narrowed to: rungs, families, domains."""
        return await self._ask(
            Call("GET", "/leaderboard/scopes", query={"suite": suite, "tier": tier, "project": project}),
            tuple[str, ...],
        )

    async def get_signing_key(self) -> SigningKey:
        """The key that signatures of results are checked with."""
        return await self._ask(Call("GET", "/leaderboard/key"), SigningKey)

    async def get_badge(self, submission: str) -> str:
        """Score and interval as a picture that other sites may show."""
        return await self._text(Call("GET", f"/submissions/{quoted(submission)}/badge"))

    async def export_result(self, submission: str, *, form: Literal["yaml", "json"] = "yaml") -> str:
        """The result as a file for ``.eval_results``."""
        return await self._text(Call("GET", f"/submissions/{quoted(submission)}/eval-results", query={"form": form}))

    async def create_verified_submission(self, order: VerifiedEntry, *, idempotency_key: str = "") -> Submission:
        """Publish the hash of a secret seed, and let the server ask the answerer the suite that it gives."""
        return await self._ask(Call("POST", "/submissions/verified", body=order, once=idempotency_key), Submission)

    async def create_reported_submission(self, order: ReportedEntry, *, idempotency_key: str = "") -> Submission:
        """Send replies to a suite and seed: the server generates the questions anew, scores and signs."""
        return await self._ask(Call("POST", "/submissions/self-reported", body=order, once=idempotency_key), Submission)

    def list_submissions(self, *, project: str | None = None) -> AsyncIterator[Submission]:
        """The newest submissions of a project, or of all of the caller's."""
        return self._pages(Call("GET", "/submissions", query={"project": project}), Submission)

    async def get_submission(self, submission: str) -> Submission:
        """One submission, with what is signed."""
        return await self._ask(Call("GET", f"/submissions/{quoted(submission)}"), Submission)

    async def score_submission(self, submission: str) -> Submission:
        """Score a verified submission whose evaluation is done, and reveal its seed; a worker does so too."""
        return await self._ask(Call("POST", f"/submissions/{quoted(submission)}/score"), Submission)

    async def moderate_submission(
        self, submission: str, *, action: Literal["publish", "reject", "withdraw", "flag", "note"], reason: str
    ) -> Submission:
        """Publish, reject, flag or note, for admins; whoever may submit may withdraw."""
        return await self._ask(
            Call("POST", f"/submissions/{quoted(submission)}/moderation", body={"action": action, "reason": reason}),
            Submission,
        )

    async def list_moderation(self, submission: str) -> tuple[ModerationLine, ...]:
        """The log of a submission, oldest first; nothing is ever taken from it."""
        return await self._ask(Call("GET", f"/submissions/{quoted(submission)}/moderation"), tuple[ModerationLine, ...])
