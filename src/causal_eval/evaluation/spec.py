"""What a run is: all that can change a score, frozen; its hash names the run, so the same command resumes it."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import Any

from causal_eval.errors import UsageError
from causal_eval.questions.question import content_id


@dataclass(frozen=True, slots=True)
class RunSpec:
    """Everything that decides what is asked of whom; how fast it is asked (connections, retries) is no part of it.

    A field added later must have a default: only what differs from the default enters the identity, so a run
    that was begun before an upgrade is resumed after it.
    """

    answerer: str
    """``provider/model`` or ``baseline/<name>`` as the user wrote it."""
    question_set: str
    """Key of the stored set: its content hash."""
    seed: str = "0"
    """Decides the order of clusters, and with it what ``limit`` selects."""
    limit: int | None = None
    epochs: int = 1
    """Samples per question."""
    elicitation: str = ""
    """Name, version and, for worked examples, their hash: ``"reason@1"``; empty for baselines."""
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    endpoint: str = ""
    """Base URL where it is not the provider's own; without credentials."""
    params: tuple[tuple[str, str], ...] = ()
    """Further named parameters of the answerer, sorted by name."""
    label: str = ""
    """A user's own word that sets a run apart from an equal one."""

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise UsageError(f"epochs is {self.epochs}: at least 1 sample per question is needed")
        if self.limit is not None and self.limit < 1:
            raise UsageError(f"limit is {self.limit}: at least 1 question is needed; leave it out to ask all")
        if self.params != tuple(sorted(self.params)):
            object.__setattr__(self, "params", tuple(sorted(self.params)))


def spec_fields(spec: RunSpec) -> dict[str, Any]:
    """The fields of *spec* that differ from their defaults, as JSON values."""
    given = ((field.name, field.default, getattr(spec, field.name)) for field in fields(spec))
    return {name: value for name, default, value in given if default is MISSING or value != default}


def spec_from(values: dict[str, Any]) -> RunSpec:
    """The spec that :func:`spec_fields` was made from."""
    params = tuple((name, value) for name, value in values.get("params", ()))
    return RunSpec(**{**values, "params": params})


def identity(spec: RunSpec) -> str:
    """``ev-`` and 16 hex digits: equal specs have equal names, on every machine and in every later version."""
    return content_id("ev", spec_fields(spec))
