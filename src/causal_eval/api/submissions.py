"""Submissions over HTTP: verified or self-reported, shown, scored, moderated."""

from __future__ import annotations

import base64
from typing import Annotated, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from causal_eval.api.leaderboard import Submitted
from causal_eval.api.once import Made, Once
from causal_eval.api.paging import After, Limit, Name, Word, cursor, place, tagged
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import CallOptions
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.questions.suite import SUITES
from causal_eval.service import sealing, submissions
from causal_eval.service.answering import Call
from causal_eval.service.sealing import LONGEST_REASON, Action
from causal_eval.service.submissions import Entrant
from causal_eval.store.submissions import Standing, Submission, Tier

router = make_router("/submissions", tag="submissions")

Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_REASON, pattern=r"\S")]
Said = Annotated[str, StringConstraints(max_length=500)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Entry(_In):
    """What is submitted."""

    answerer: Name = Field(examples=["openai/gpt-5"])
    suite: Name = Field(examples=list(SUITES))
    project: Name = "local"
    about: dict[Name, Said] = Field(default_factory=dict, max_length=20, description="Licence, link ...")
    size: float | None = Field(None, gt=0, le=1e6, description="Billions of parameters.", allow_inf_nan=False)
    is_public: bool = True

    def entrant(self) -> Entrant:
        """The same as the service takes it."""
        return Entrant(self.answerer, self.suite, self.project, self.about, self.size, is_public=self.is_public)


class VerifiedEntry(Entry):
    """Our server asks, on questions from a seed that it keeps secret until it has scored."""

    call: CallOptions = Field(default_factory=lambda: CallOptions.model_validate({}))
    budget: str | None = Field(None, pattern=r"^\d{1,9}(\.\d{1,6})?$", description="Dollars.")


class ReportedEntry(Entry):
    """Somebody has asked, and sends what was replied."""

    seed: Word
    answers: dict[Name, str] = Field(min_length=1, max_length=10_000, description="Question id -> the whole reply.")


class SubmissionOut(BaseModel):
    """A submission; the seed of a verified one is shown once it is scored."""

    id: str
    project: str
    tier: Tier
    answerer: str
    about: dict[str, str]
    size: float | None
    suite: str
    question_set: str = Field(description="Digest; empty: a worker is to make it.")
    evaluation: str | None
    commitment: str = Field(description="SHA-256 of the seed.")
    seed: str | None
    status: Standing
    flags: list[str]
    is_public: bool
    signed: str | None = Field(description="The text that is signed: canonical JSON.")
    signature: str | None = Field(description="Ed25519 over its UTF-8, in base64.")
    created_at: float
    scored_at: float | None

    @classmethod
    def of(cls, one: Submission) -> SubmissionOut:
        """From the service's."""
        return cls(
            id=one.id, project=one.project, tier=one.tier, answerer=one.answerer,
            about=msgspec.json.decode(one.about, type=dict[str, str]), size=one.size, suite=one.suite,
            question_set=one.set_digest, evaluation=one.evaluation_id, commitment=one.commitment,
            seed=None if one.sealed else one.seed, status=one.status,
            flags=msgspec.json.decode(one.flags, type=list[str]), is_public=one.is_public, signed=one.signed,
            signature=None if one.signature is None else base64.b64encode(one.signature).decode(),
            created_at=one.created_at, scored_at=one.scored_at,
        )  # fmt: skip


class SubmissionPage(BaseModel):
    """Submissions, newest first."""

    items: list[SubmissionOut]
    next: str | None


class Decision(_In):
    """What a moderator does, and why."""

    action: Literal["publish", "reject", "withdraw", "flag", "note"]
    reason: Text


class ModerationLine(BaseModel):
    """A line of the log."""

    model_config = ConfigDict(from_attributes=True)

    at: float
    actor: str
    action: str
    reason: str


@router.post("/verified", status_code=201, response_model=SubmissionOut)
def create_verified_submission(visit: Visiting, at: AtDoor, entry: VerifiedEntry, once: Once) -> Response:
    """Publish the hash of a secret seed, and let the server ask the answerer the suite that it gives."""

    def make() -> Made:
        call = Call(**entry.call.model_dump())
        with at.computing():
            found = submissions.verified(visit, entry.entrant(), call=call, budget=entry.budget)
        return _made(found)

    return once.done(visit, make)


@router.post("/self-reported", status_code=201, response_model=SubmissionOut)
def create_reported_submission(visit: Visiting, at: AtDoor, entry: ReportedEntry, once: Once) -> Response:
    """Send replies to a suite and seed: the server generates the questions anew, scores and signs."""

    def make() -> Made:
        with at.computing():
            found = submissions.reported(visit, entry.entrant(), seed=entry.seed, answers=entry.answers)
        return _made(found)

    return once.done(visit, make)


@router.get("")
def list_submissions(
    visit: Visiting, project: Name | None = None, after: After = None, limit: Limit = 50
) -> SubmissionPage:
    """The newest submissions of a project, or of all of the caller's."""
    found = submissions.listed(visit, project=project, before=place(after, tuple[float, str]), limit=limit)
    following = cursor((found[-1].created_at, found[-1].id)) if len(found) == limit else None
    return SubmissionPage(items=[SubmissionOut.of(one) for one in found], next=following)


@router.get("/{submission}", response_model=SubmissionOut)
def get_submission(visit: Visiting, submission: Submitted, request: Request) -> Response:
    """One submission, with what is signed."""
    return tagged(request, SubmissionOut.of(sealing.find(visit, submission)))


@router.post("/{submission}/score")
def score_submission(visit: Visiting, at: AtDoor, submission: Submitted) -> SubmissionOut:
    """Score a verified submission whose evaluation is done, and reveal its seed; a worker does so too."""
    with at.computing():
        return SubmissionOut.of(submissions.score(visit, submission))


@router.post("/{submission}/moderation")
def moderate_submission(visit: Visiting, submission: Submitted, decision: Decision) -> SubmissionOut:
    """Publish, reject, flag or note, for admins; whoever may submit may withdraw."""
    found = sealing.moderate(visit, submission, action=Action(decision.action), reason=decision.reason)
    return SubmissionOut.of(found)


@router.get("/{submission}/moderation")
def list_moderation(visit: Visiting, submission: Submitted) -> list[ModerationLine]:
    """The log of a submission, oldest first; nothing is ever taken from it."""
    return [ModerationLine.model_validate(line) for line in sealing.log(visit, submission)]


def _made(found: Submission) -> Made:
    return Made(f"/api/v1/submissions/{found.id}", SubmissionOut.of(found))
