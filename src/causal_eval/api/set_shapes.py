"""What goes in and out of question sets as JSON: an order, a set, the commitment to one that follows from a secret."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from pydantic import Field

from causal_eval.api.paging import Label, Name, Word
from causal_eval.api.shapes import In, Out
from causal_eval.questions import settings
from causal_eval.service.set_orders import LARGEST_GENERATED, MOST_SETTINGS, MOST_WORDS, OwnWords, SetOrder
from causal_eval.service.wording import LARGEST_TEXT
from causal_eval.store.commitments import Committed
from causal_eval.store.suites import StoredSet


class Words(In):
    """A domain file of one's own."""

    name: Name = Field(description="What the file is called, without .toml.", examples=["tea_shop"])
    text: Annotated[str, Field(max_length=LARGEST_TEXT)] = Field(description="The TOML that it holds.")


class Setting(In):
    """A setting of the generator's dials, and how many twin groups are to be made with it."""

    kind: Name = Field(examples=["effect/do"])
    regime: Name = Field(examples=["real"])
    size: int = Field(ge=1, le=5, description="Level of difficulty.")
    groups: int = Field(ge=1, le=LARGEST_GENERATED)


class SetRequest(In):
    """A question set that is to be generated: a named suite, n questions of what is named (empty: of all), settings."""

    project: Name = "local"
    seed: Word = "0"
    suite: Name | None = Field(None, examples=["quick"], description="Takes a seed and nothing else.")
    n: int | None = Field(None, ge=1, le=LARGEST_GENERATED)
    families: tuple[Name, ...] = Field((), max_length=50)
    domains: tuple[Name, ...] = Field((), max_length=50)
    regimes: tuple[Name, ...] = Field((), max_length=10)
    difficulties: tuple[Annotated[int, Field(ge=1, le=5)], Annotated[int, Field(ge=1, le=5)]] = (1, 5)
    kinds: tuple[Name, ...] = Field((), max_length=200, examples=[["effect/do"]])
    adversarial: tuple[Name, ...] = Field((), max_length=10, examples=[["collider", "post-hoc"]])
    adversarial_to: Name | None = Field(None, description="An evaluation, at whose weak spots as of now the set aims.")
    renderers: tuple[Name, ...] = Field((), max_length=10, examples=[["story", "table"]])
    language: Name = Field("en", examples=["de"], description="Others than English tell five families alone.")
    rephrased: bool = Field(default=False, description="Each question in every renderer; n is a multiple of them.")
    twins: tuple[Name, ...] = Field(
        (), max_length=20, examples=[["distractors", "pressure"]], description="Linked questions: one thing differs."
    )
    graph: Annotated[str, Field(max_length=2000)] = Field(
        "", examples=["Z->X, Z->Y, X->Y"], description="A graph of one's own: at most n questions are asked of it."
    )
    split: Literal["public", "private", "rotating"] | None = Field(
        None, description="No two share a question; private and rotating ones follow from the operator's secret."
    )
    date: Annotated[str, Field(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = Field(
        "", description="Of a rotating split.", examples=["2026-12-01"]
    )
    words: tuple[Words, ...] = Field((), max_length=MOST_WORDS, description="Domain files of one's own.")
    settings: tuple[Setting, ...] = Field(
        (), max_length=MOST_SETTINGS,
        description="In place of suite and n: what `next` of an ability says. Another seed, other questions.",
    )  # fmt: skip

    def order(self) -> SetOrder:
        """The same as the service takes it."""
        given = self.model_dump(exclude={"words", "settings"})
        return SetOrder(
            **given, words=tuple(OwnWords(one.name, one.text) for one in self.words),
            settings=tuple(settings.Setting(one.kind, one.regime, one.size, one.groups) for one in self.settings),
        )  # fmt: skip


class QuestionFile(In):
    """A question file of one's own: its lines are as `docs/reference/question-file.md` says."""

    project: Name = "local"
    name: Label = Field(description="What the set is called.", examples=["mine.jsonl"])
    file: Annotated[str, Field(min_length=1)] = Field(
        description="JSON lines.",
        examples=['{"id": "1", "prompt": "Is X 1?", "answer": "yes_no", "gold": "no"}'],
    )


class QuestionSet(Out):
    """A set of questions."""

    digest: str
    hash: str
    name: str
    generator: str
    count: int
    created_at: str

    @classmethod
    def of(cls, found: StoredSet) -> QuestionSet:
        """From the stored one."""
        return cls(
            digest=found.digest, hash=found.hash, name=found.name, generator=found.generator, count=found.count,
            created_at=found.created_at.isoformat(),
        )  # fmt: skip


class QuestionSetPage(Out):
    """Question sets, newest first."""

    items: list[QuestionSet]
    next: str | None


class Commitment(Out):
    """The commitment to a set that follows from a secret, and once it is revealed what the set follows from."""

    question_set: str = Field(description="Digest of the set.")
    project: str
    split: str = Field(description="`private` or `rotating`.")
    commitment: dict[str, object] = Field(
        description="To be published before anybody answers: commitment, plan, generator, hash of the set."
    )
    created_at: float = Field(description="Seconds since 1970.")
    revealed_at: float | None = Field(description="Null: answers and proofs of the set are shown to nobody yet.")
    secret: str | None = Field(description="What the set follows from, no secret any longer; null: not revealed.")

    @classmethod
    def of(cls, one: Committed) -> Commitment:
        """From the service's."""
        return cls(
            question_set=one.set_digest, project=one.project,
            split=one.split, secret=one.key,
            commitment=msgspec.json.decode(one.document), created_at=one.created_at, revealed_at=one.revealed_at,
        )  # fmt: skip
