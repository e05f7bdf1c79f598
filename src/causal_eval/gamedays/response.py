"""People who see one incident through: told by a letter, they take it on or leave it, mend it, end it and look back."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from causal_eval.errors import CausalEvalError, OperationFailed
from causal_eval.gamedays import letters
from causal_eval.gamedays.onlooker import Onlooker, Seen
from causal_eval.gamedays.plays import SHOWN, Play
from causal_eval.gamedays.sinks import Received, Sink
from causal_eval.incidents import timeline
from causal_eval.incidents.book import Book, newest
from causal_eval.incidents.classify import Decision, Observation, What, classify
from causal_eval.incidents.contacts import Contacts, on_call
from causal_eval.incidents.incident import Incident, Severity, State
from causal_eval.incidents.keeping import holding, names_of, worst_that_follows
from causal_eval.incidents.rules import Rules
from causal_eval.incidents.timeline import Entry, Kind
from causal_eval.operations.drills.ground import PATIENCE, Ground
from causal_eval.operations.stack.raising import wait_for

PUBLIC = "We know what it is, and are ending it."
_WELL = "operational"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where a game is played, and what its people have."""

    ground: Ground
    book: Book
    rules: Rules
    contacts: Contacts
    sink: Sink
    onlooker: Onlooker
    runbook: Path
    out: Path
    """Where reviews are put."""
    clock: Callable[[], float]
    soon: float = 20.0
    """Seconds within which a letter, a colour or a text must be there; what is measured is told beside it."""


class Response:
    """What people do in one round, and what did not hold of it."""

    def __init__(self, stage: Stage, play: Play, *, acknowledges: bool) -> None:
        self.stage, self.play, self.acknowledges = stage, play, acknowledges
        self.problems: list[str] = []
        self.injected_at = 0.0
        self.mitigated_at: float | None = None
        self.page: float | None = None
        """Seconds from its opening to the colour of its component."""
        self.told_lead: float | None = None
        """When the next contact was told."""
        self.incident: Incident | None = None
        self.decision: Decision | None = None
        self.review: Path | None = None

    # ---- hooks of a drill ---------------------------------------------------------------------------------------

    def inject(self, ground: Ground) -> None:
        """The fault of the drill; when it came is known."""
        self.injected_at = self.stage.clock()
        self.play.drill.inject(ground)

    def mend(self, ground: Ground) -> None:
        """See it told, take it on, tell the public, and end it by the runbook.

        Raises:
            OperationFailed: it does not come so far.
        """
        try:
            self._answer(ground)
        except CausalEvalError as error:  # a drill hears this one
            raise OperationFailed(str(error)) from error

    def _answer(self, ground: Ground) -> None:
        self._notice()
        self._check_class()
        self._check_report()
        self._check_colour()
        if not self.acknowledges or self.play.is_private:
            self._wait_for_lead()
        self._take_on()
        for act in self.play.acts:
            act.before(ground)
            self._carry_out(act.step, act.values(ground))
        self.mitigated_at = self.stage.clock()
        self.play.after(ground)

    def told(self, ground: Ground) -> str:
        """See it end, look back, and say what did not hold in all of it."""
        try:
            self._end()
            self._look_back()
            self._check_all()
        except CausalEvalError as error:
            self.problems.append(str(error))
        return "; ".join(filter(None, [self.play.drill.told(ground), *self.problems]))

    # ---- it begins ----------------------------------------------------------------------------------------------

    def now(self) -> Incident:
        """The incident as the book has it.

        Raises:
            OperationFailed: none was opened since the fault came.
        """
        with self.stage.book.reading() as rows:
            found, earlier = newest(rows, since=self.injected_at), newest(rows)
        if not found:
            before = ", ".join(f"{one.id} {one.key} ({one.state})" for one in earlier) or "none"
            raise OperationFailed(f"no incident was opened since the fault came; before: {before}")
        self.incident = next((one for one in reversed(found) if _plain(one) == self.play.key), found[-1])
        return self.incident

    def entries(self) -> list[Entry]:
        """Its timeline.

        Raises:
            VerificationMismatch: an entry was changed.
        """
        own = self.now().id
        with self.stage.book.reading() as rows:
            return timeline.entries(rows, own)

    def _notice(self) -> None:
        def there() -> bool:
            with self.stage.book.reading() as rows:
                return any(_plain(one) == self.play.key for one in newest(rows, since=self.injected_at))

        if not wait_for(there, PATIENCE / 2):
            self.problems.append(f"the incident is {self.now().key}, not {self.play.key}")

    def _check_class(self) -> None:
        rule = self.play.rule
        if wait_for(lambda: self._classified() == (self._expected(), rule), self.stage.soon):
            return
        severity, decided = self._classified()
        said = f"{severity} by {decided} ({', '.join(self._names())})"
        self.problems.append(f"it is classified as {said}, not as {self._expected()} by {rule}")

    def _expected(self) -> Severity:
        """As bad as its cause, or as the worst that follows from it: how much does is a matter of pace."""
        own = self.now()
        with self.stage.book.reading() as rows:
            follows = worst_that_follows(rows, own)
        return self.play.severity if follows is None else min(self.play.severity, follows)

    def _classified(self) -> tuple[Severity, str]:
        """How bad the book says it is, and the rule that decides by what told of it."""
        self.decision = classify([Observation(What.ALERT, name) for name in self._names()])
        return self.now().severity, self.decision.rule

    def _names(self) -> list[str]:
        own = self.now()
        with self.stage.book.reading() as rows:
            return names_of(rows, own)

    def _check_report(self) -> None:
        one = self.now()
        person = on_call(self.stage.contacts, at=one.opened_at)
        for place in (self.play.channel, "" if person is None else person.id):
            got = self._letter(place, lambda letter: letters.ALERT in letter.first_line)
            if got is None:
                self.problems.append(f"no initial report came to {place} within {self.stage.soon:g} s")
            else:
                self.problems += letters.report_faults(got, one, told=self._told_by(got.at))

    def _told_by(self, at: float) -> letters.Told:
        """What a report of that moment may say: how bad it was by then, and what it was called."""
        entries = [one for one in self.entries() if one.at <= at]
        severities = {str(one.data["severity"]) for one in entries if "severity" in one.data}
        titles = {one.text.partition(": ")[2] for one in entries if one.kind in {Kind.OPENED, Kind.SIGNAL}}
        return letters.Told(frozenset(map(Severity, severities)), frozenset(titles))

    def _letter(self, to: str, holds: Callable[[Received], bool], *, seconds: float = 0.0) -> Received | None:
        since = self.injected_at
        return self.stage.sink.waited(
            lambda one: one.to == to and one.at >= since and holds(one), seconds=self.stage.soon + seconds
        )  # fmt: skip

    def _check_colour(self) -> None:
        opened, colour = self.now().opened_at, SHOWN[self._expected()]
        if self.play.is_private or colour == _WELL:
            return
        self._await_colour(colour, since=opened)
        first = self._coloured(since=opened)
        self.page = None if first is None else first - opened

    def _coloured(self, *, since: float) -> float | None:
        """When anything on the page was not well."""
        return self.stage.onlooker.first(lambda seen: set(seen.colours.values()) != {_WELL}, since=since)

    def _await_colour(self, colour: str, *, since: float) -> None:
        place, first = self.play.component, self.stage.onlooker.first

        def there() -> bool:
            return first(lambda seen: seen.colours.get(place) == colour, since=since) is not None

        self._must(there, f"{place} is not {colour} on the status page")

    def _must(self, holds: Callable[[], bool], otherwise: str, *, seconds: float = 0.0) -> None:
        """Wait for it, and some *seconds* more; *otherwise* is what is wrong."""
        if not wait_for(holds, self.stage.soon + seconds):
            self.problems.append(f"{otherwise} within {self.stage.soon + seconds:g} s")

    # ---- somebody takes it on -----------------------------------------------------------------------------------

    def _wait_for_lead(self) -> None:
        """Nobody has; the next contact hears of it when that is due."""
        one = self.now()
        due = 0.0 if one.private else self.stage.rules.escalation[one.severity]
        got = self._letter("lead", lambda letter: letters.ESCALATES in letter.text, seconds=due)
        if got is None:
            self.problems.append(f"the next contact is not told within {due:g} s")
            return
        self.told_lead = got.at
        if got.at < one.opened_at + due:
            self.problems.append(f"the next contact is told {one.opened_at + due - got.at:.1f} s too soon")

    def _take_on(self) -> None:
        one = self.now()
        early = self.stage.onlooker.first(lambda seen: one.id in seen.texts, since=one.opened_at)
        if early is not None and (one.published_at is None or early < one.published_at):
            self.problems.append("the public could read its text before anybody had published it")
        self._say("incident", "ack", one.id)
        self._say("incident", "update", one.id, PUBLIC, "--state", "mitigating", "--public")
        shown = wait_for(lambda: self._is_public(one.id), 1.0 if self.play.is_private else self.stage.soon)
        if shown is self.play.is_private:
            self.problems.append(f"its text is {'on' if shown else 'not on'} the status page")

    def _is_public(self, incident: str) -> bool:
        def holds(seen: Seen) -> bool:
            return any(PUBLIC in text for text in seen.texts.get(incident, ())) or (
                self.play.is_private and incident in seen.texts
            )

        return self.stage.onlooker.first(holds, since=self.injected_at) is not None

    def _carry_out(self, step: str, values: Mapping[str, str]) -> None:
        given = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
        self._say(
            "runbook", "run", step, "--incident", self.now().id, "--file", str(self.stage.runbook), *given, typed=step
        )

    def _say(self, *words: str, typed: str = "") -> str:
        """What a command says that people type, *typed* being what it asks for.

        Raises:
            OperationFailed: it fails.
        """
        plan = self.stage.ground.plan
        own = {"CEB_STACK_DIR": plan.folder, "CEB_INCIDENTS": str(plan.incidents)}
        done = subprocess.run(  # noqa: S603 - this program
            (*plan.programs.command, *words), env={**os.environ, **own}, cwd=self.stage.out, input=f"{typed}\n",
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        if done.returncode:
            said = f"{done.stdout.strip()[-300:]} {done.stderr.strip()[-300:]}"
            raise OperationFailed(f"`causal-eval {' '.join(words[:4])}` exits {done.returncode}: {said}")
        return done.stdout

    # ---- it is over ---------------------------------------------------------------------------------------------

    def _end(self) -> None:
        """It is watched; then a person says that it is over, or, of what is less bad, nobody has to."""
        if not wait_for(lambda: not self._fires(), PATIENCE):
            raise OperationFailed(f"of {self.now().id} something still fires although all is well")
        if self.now().state not in {State.MONITORING, State.RESOLVED}:  # it had ended before somebody was at it
            self._say("incident", "update", self.now().id, "It is mended.", "--state", "monitoring", "--public")
        if self.now().severity in self.stage.rules.by_hand:
            self._say("incident", "resolve", self.now().id, "It was mended as the runbook says.")
        else:
            over = f"{self.now().id} is not over by itself"
            self._must(lambda: self.now().state is State.RESOLVED, over, seconds=self.stage.rules.quiet)
        one = self.now()
        place = self.play.channel
        if self._letter(place, lambda letter: f"INCIDENT RESOLVED - {one.severity}" in letter.first_line) is None:
            self.problems.append(f"no resolution notice came to {place} within {self.stage.soon:g} s")
        if not self.play.is_private:
            self._await_colour(_WELL, since=one.resolved_at or self.stage.clock())
        elif self._coloured(since=self.injected_at) is not None:
            self.problems.append("the status page is coloured by what is private")

    def _fires(self) -> list[str]:
        own = self.now()
        with self.stage.book.reading() as rows:
            return holding(rows, own)

    def _look_back(self) -> None:
        """The cause is written down, what is left to do is done, and the review is over."""
        one = self.now()
        self._say("incident", "cause", one.id, f"{self.play.drill.says}, on purpose: it was a game day")
        self._say("incident", "todo", one.id, "play it again", "--owner", "games", "--until", "2099-01-01")
        with self.stage.book.reading() as rows:
            number = rows.execute("SELECT max(id) FROM actions").fetchone()[0]
        self._say("incident", "done", str(number))
        self._say("incident", "reviewed", one.id)
        self.review = self.stage.out / f"{self.play.drill.name}-{one.id}.md"
        self._say("incident", "review", one.id, "--out", str(self.review))
        text = self.review.read_text("utf-8")
        lacking = [act.step for act in self.play.acts if f"step {act.step} ended with exit code" not in text]
        if lacking or "on purpose" not in text:
            self.problems.append(f"the review lacks {', '.join(lacking) or 'the cause'}")

    def _check_all(self) -> None:
        """What must hold of all letters, of the timeline, and of how many incidents there are."""
        entries = self.entries()
        unexpected = [
            one.data["step"] for one in entries if one.kind is Kind.RUNBOOK and one.data.get("expected") is False
        ]
        if unexpected:
            self.problems.append(f"steps that did not end as the runbook says: {unexpected}")
        own = self.now().id
        with self.stage.book.reading() as rows:
            joined = {str(entry.data["joined"]) for entry in entries if "joined" in entry.data}
            others = [one for one in newest(rows, since=self.injected_at) if one.id not in {own, *joined}]
        if others:
            self.problems.append(f"beside it: {', '.join(f'{one.id} {one.key} {one.severity}' for one in others)}")
        left: list[str] = []

        def settled() -> bool:
            with self.stage.book.reading() as rows:
                left[:] = letters.faults_of(self.stage.sink.letters, rows)
            return not left

        if not wait_for(settled, self.stage.soon):
            self.problems += left


def _plain(one: Incident) -> str:
    """Its key, without which of several it is."""
    return f"{one.key.component.partition(':')[0]}/{one.key.family}"
