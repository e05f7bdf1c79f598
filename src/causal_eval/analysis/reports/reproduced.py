"""What came of computing a run's numbers again: MATCH, or DRIFT with what drifted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from causal_eval.analysis.numbers import NONE, counted, hundredths
from causal_eval.analysis.reports.ticket import Claim, Ticket

_SHOWN = 20
"""Numbers that drifted, one line each."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was computed again."""

    what: str
    """``generator``, ``questions``, ``scorer``, ``verdicts``, ``scores``."""
    same: bool
    said: str


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A run's numbers as they are computed now."""

    ticket: Ticket
    checks: tuple[Check, ...]

    @property
    def match(self) -> bool:
        """The questions, verdicts and scores are what they were; another version alone is no drift."""
        return all(one.same for one in self.checks if one.what not in ("generator", "scorer"))

    def lines(self) -> Iterator[str]:
        """MATCH or DRIFT, then a line for each check."""
        yield f"{'MATCH' if self.match else 'DRIFT'}  {self.ticket.name}  {self.ticket.answerer}"
        width = max(len(one.what) for one in self.checks)
        for one in self.checks:
            yield f"  {'same' if one.same else 'differs':7}  {one.what:{width}}  {one.said}"


def scores_check(now: Ticket, *, claimed: Ticket | None, hash_: str) -> Check:
    """The scores against those of a report (*claimed*) or against a result's hash; empty: nothing was claimed."""
    if not hash_ or hash_ == now.hash:
        against = "" if hash_ else ": nothing was claimed to hold it against"
        return Check("scores", same=True, said=f"{counted(len(now.claims), 'score')}, {now.hash}{against}")
    said = f"{hash_} was claimed, {now.hash} is computed"
    if claimed is not None:
        found = list(_drifted(claimed, now))
        said += "".join(f"; {one}" for one in found[:_SHOWN]) + (
            f"; {len(found) - _SHOWN} more" * (len(found) > _SHOWN)
        )
    return Check("scores", same=False, said=said)


def _drifted(then: Ticket, now: Ticket) -> Iterator[str]:
    for name, field in (("set", "question_set"), ("generator", "generator"), ("scorers", "scorers")):
        before, after = getattr(then, field), getattr(now, field)
        if before != after:
            yield f"{name} {before} then, {after} now"
    known = {claim.scope: claim for claim in now.claims}
    for claim in then.claims:
        found = known.get(claim.scope)
        if found != claim:
            yield f"{claim.scope} {_said(claim)} then, {NONE if found is None else _said(found)} now"


def _said(claim: Claim) -> str:
    interval = f"[{hundredths(claim.low)}, {hundredths(claim.high)}]"
    return f"{hundredths(claim.score)} {interval} of {counted(claim.units, 'unit')}"
