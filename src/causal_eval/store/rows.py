"""Between frozen values and rows: questions, outcomes and verdicts, there and back without loss."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import msgspec
from sqlalchemy import Row

from causal_eval.errors import VerificationMismatch
from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.providers.provider import Failure, Refusal, Reply, Usage
from causal_eval.questions.question import Question, canonical
from causal_eval.scoring.verdict import Mark, Verdict

Values = dict[str, Any]
"""Column name -> value."""


def _fraction(kind: type, value: object) -> Fraction:
    if kind is Fraction and isinstance(value, str):
        return _known_fraction(value)
    raise NotImplementedError(kind)


_known_fraction = functools.lru_cache(maxsize=256)(Fraction)
"""Tolerances: few different ones are ever given."""

_QUESTION = msgspec.json.Decoder(Question, dec_hook=_fraction)


def question_from(body: bytes) -> Question:
    """The question whose canonical JSON is *body*."""
    return _QUESTION.decode(body)


def question_digest(body: bytes) -> str:
    """The key of a question: the first 32 hex digits of the SHA-256 of its canonical JSON."""
    return hashlib.sha256(body).hexdigest()[:32]


def question_values(question: Question) -> Values:
    """The row of a question."""
    body = canonical(question)
    return {
        "digest": question_digest(body),
        "id": question.id,
        "body": body,
        "family": question.family,
        "kind": question.kind,
        "rung": question.rung,
        "domain": question.domain,
        "regime": question.regime,
        "difficulty": question.difficulty,
        "cluster": question.cluster,
        "twin": question.twin,
        "joint": question.joint,
        "exempt": canonical(question.exempt).decode(),
    }


def outcome_values(outcome: Reply | Refusal) -> Values:
    """The columns of a reply or refusal."""
    usage = outcome.usage
    if isinstance(outcome, Reply):
        said = {"kind": "reply", "text": outcome.text, "reasoning": outcome.reasoning, "finish": outcome.finish}
    else:
        said = {"kind": "refusal", "text": outcome.reason, "reasoning": "", "finish": ""}
    return {
        **{name: _storable(value) for name, value in said.items()},
        "served": _storable(outcome.served),
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "cached_tokens": usage.cached,
        "reasoning_tokens": usage.reasoning,
        "written_tokens": usage.written,
        "latency_ms": outcome.latency_ms,
        "calls": outcome.calls,
        "source": outcome.source or None,
        "asked_at": outcome.asked_at or None,
        "batch": outcome.batch or None,
        "key": outcome.key or None,
        "route": outcome.route or None,
        "fingerprint": _storable(outcome.fingerprint) or None,
    }


def outcome_from(values: Mapping[str, Any]) -> Reply | Refusal:
    """The outcome whose columns are *values*."""
    usage = Usage(*(values[name] for name in _USAGE))
    said = {
        "served": values["served"],
        "usage": usage,
        "latency_ms": values["latency_ms"],
        "calls": values["calls"],
        "source": values["source"] or "",
        "asked_at": values["asked_at"] or "",
        # replies that were cached before do not say
        "batch": values.get("batch") or "",
        "key": values.get("key") or "",
        "route": values.get("route") or "",
        "fingerprint": values.get("fingerprint") or "",
    }
    if values["kind"] == "reply":
        return Reply(values["text"], values["reasoning"], values["finish"], **said)
    return Refusal(values["text"], **said)


def attempt_values(asked: Values, outcome: Reply | Refusal, *, started_at: str) -> Values:
    """The row of a kept outcome; *asked* says which question was asked of whom in which evaluation."""
    values = {**asked, **outcome_values(outcome), "started_at": started_at}
    return {**values, "content_hash": content_hash(values)}


def failure_values(asked: Values, failure: Failure, *, started_at: str) -> Values:
    """The row of a failed call."""
    return {
        **asked,
        "kind": failure.kind.value,
        "message": _storable(failure.message),
        "status": failure.status,
        "latency_ms": failure.latency_ms,
        "calls": failure.calls,
        "started_at": started_at,
        "key": failure.key or None,
        "route": failure.route or None,
    }


def content_hash(values: Values) -> str:
    """The SHA-256 of a kept outcome: every column but ``id`` and the hash itself.

    Columns that came later count where they hold something, so that older rows keep their hash.
    """
    values = {name: value for name, value in values.items() if value is not None or name not in _LATER}
    return hashlib.sha256(msgspec.json.encode(values, order="sorted")).hexdigest()


def attempt_from(row: Row[Any], question: Question) -> Attempt:
    """The attempt that *row* (columns of ``attempts``) holds.

    Raises:
        VerificationMismatch: the row is not what was written.
    """
    check_row(row)
    values = {str(name): value for name, value in row._mapping.items()}
    return Attempt(Ask(question, row.sample), outcome_from(values), row.started_at)


def check_row(row: Row[Any]) -> None:
    """See that *row* (columns of ``attempts``) is what was written.

    Raises:
        VerificationMismatch: it is not.
    """
    values = {name: value for name, value in row._mapping.items() if name in _HASHED}
    if content_hash(values) != row.content_hash:
        raise VerificationMismatch(
            f"attempt {row.id} of {row.evaluation_id} was changed after it was written: restore a backup"
        )


def verdict_values(key: int, verdict: Verdict, *, evaluation: str) -> Values:
    """The row of a verdict on the attempt with id *key* of *evaluation*."""
    return {
        "attempt_id": key,
        "scorer": verdict.scorer,
        "mark": verdict.mark.value,
        "strict": verdict.strict.value,
        "share": str(verdict.share),
        "answer": _storable(canonical(verdict.answer).decode()),
        "reason": _storable(str(verdict.reason)),
        "evaluation_id": evaluation,
    }


def verdict_from(row: Row[Any]) -> Verdict:
    """The verdict that *row* (columns of ``verdicts``) holds."""
    return Verdict(
        mark=Mark(row.mark),
        strict=Mark(row.strict),
        share=Fraction(row.share),
        answer=msgspec.json.decode(row.answer),
        reason=row.reason,
        scorer=row.scorer,
    )


_HASHED = frozenset(
    {
        "evaluation_id",
        "question",
        "answerer",
        "sample",
        "kind",
        "text",
        "reasoning",
        "finish",
        "served",
        "input_tokens",
        "output_tokens",
        "cached_tokens",
        "reasoning_tokens",
        "written_tokens",
        "latency_ms",
        "calls",
        "source",
        "asked_at",
        "started_at",
        "batch",
        "key",
        "route",
        "fingerprint",
    }
)
_LATER = frozenset({"written_tokens", "source", "asked_at", "batch", "key", "route", "fingerprint"})
"""Columns that came after the first hash."""
_USAGE = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "written_tokens")


def _storable(text: str) -> str:
    """*text* as any database takes it: a lone surrogate or NUL, which a model can produce, becomes U+FFFD."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
