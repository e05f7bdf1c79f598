"""The scorecard of a game: a table to read at once, and lines in ``docs/runbooks/gameday.md``, of one version each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from causal_eval.gamedays.game import HASTE, Round
from causal_eval.gamedays.plays import Play
from causal_eval.incidents.rules import USUAL

_NAMES = (
    "drill", "incident", "expected", "actual", "detect", "page", "acknowledge", "escalate", "mitigate", "recover",
    "resolve", "review", "verdict",
)  # fmt: skip
_HEAD = """\
# Game days

`causal-eval gameday --seed N --rounds K` plays drills as incidents: a stack of its own with a sentinel is started, a
fault comes, and people follow it from its alert to its review by the commands of the [runbook](incident-response.md).
What is played follows from the seed, and nothing is played again before all was; `--drills a,b` plays those alone.
`--scorecard docs/runbooks/gameday.md` writes the lines below, and a test fails where one is lacking, did not pass, or
its drill, its classification or its steps have changed since.

Rules of Prometheus wait a {pace}th of their time, and deadlines of incidents a {haste}th: in a game a P0 is escalated
after {p0:g} s, a P1 after {p1:g} s, the public is told after {publish:g} s, and what is quiet for {quiet:g} s is over.
Nothing else can be in such haste: a stack says so in its own `stack.json`, no setting and no flag does, and the book
that its sentinel writes is refused by every other. Letters name the times of the runbook all the same.

What must hold in each round:

- one incident is opened, of the right cause, severity and rule of classification, and no other beside it; it may be
  worse than its cause by itself where what follows is (a locked table is a P2, workers that wait for it are a P1)
- the initial report comes to its channel and to who is on call, byte for byte as the runbook has it
- the status page has the colour at once, no text before anybody has acknowledged or published it, and then the text;
  of security it shows nothing
- in some rounds nobody acknowledges: the next contact is told when that is due, and not sooner
- steps of the runbook end it (`causal-eval runbook run STEP --incident ID`), each with the exit code that it promises
- it is watched, then over, by hand or by itself as its severity has it; the notice comes, the page is green again
- the review is whole, with every step and a sealed timeline; every letter came once, by a key of its own
- what must hold after the [drill](drills.md) itself: I1 to I6, of an evaluation that was under way

Seconds: *detect* from the fault to the incident, *recover* from the last step until all was well, all others from when
the incident was opened.
"""
_LEFT = "Not played yet: "
_LINE = re.compile(
    r"^\| (?P<drill>[a-z0-9-]+) \|.* \| (?P<verdict>[^|]*) \| [-0-9]+ \| `(?P<digest>\w{12})` \|$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Line:
    """What the scorecard says of a drill that was played."""

    text: str
    verdict: str
    digest: str


def table(rounds: Iterable[Round]) -> list[str]:
    """A line for each round, below its head."""
    rows = [("round", *_NAMES), *((str(one.number), *_cells(one)) for one in rounds)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def read_card(path: Path) -> dict[str, Line]:
    """The lines of the scorecard by drill; none where there is none."""
    text = path.read_text("utf-8") if path.exists() else ""
    return {found["drill"]: Line(found[0], found["verdict"], found["digest"]) for found in _LINE.finditer(text)}


def write_card(path: Path, plays: Mapping[str, Play], *, rounds: Iterable[Round], date: str) -> None:
    """Put *rounds* of *date* into the scorecard; what was not played keeps its line."""
    lines = {name: line.text for name, line in read_card(path).items()}
    for one in rounds:
        cells = (*_cells(one), date, f"`{digest_of(plays[one.drill])}`")
        lines[one.drill] = f"| {' | '.join(cells)} |"
    quick = USUAL.quicker(HASTE)
    p0, p1 = quick.escalation.values()
    pace = max(play.drill.pace for play in plays.values())
    head = _HEAD.format(pace=pace, haste=HASTE, p0=p0, p1=p1, publish=quick.publish, quiet=quick.quiet)
    names = (*_NAMES, "date", "code")
    kept = [lines[name] for name in plays if name in lines]
    left = [name for name in plays if name not in lines]
    said = [f"{_LEFT}{', '.join(left)}.", ""] if left else []
    table_of = [f"| {' | '.join(names)} |", "|" + "---|" * len(names), *kept, ""]
    path.write_text("\n".join([head, *said, *table_of]), "utf-8")


def faults_of(path: Path, plays: Mapping[str, Play]) -> list[str]:
    """What is wrong with the scorecard: what is not told of, has changed since, or did not pass."""
    card, left = read_card(path), _left(path)
    faults = [
        f"{name}: no line: run `causal-eval gameday --rounds 1 --drills {name}`"
        for name in plays
        if name not in card and name not in left
    ]
    faults += [f"{name}: said not to be played" for name in left if name in card or name not in plays]
    for name, line in card.items():
        if name not in plays:
            faults.append(f"{name}: it is not played any more")
        elif line.digest != digest_of(plays[name]):
            faults.append(f"{name}: it has changed since: play it again")
        elif line.verdict != "passed":
            faults.append(f"{name}: {line.verdict}")
    return faults


def _left(path: Path) -> list[str]:
    """What the scorecard says that nobody has played yet."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    said = next((line for line in lines if line.startswith(_LEFT)), "")
    return said.removeprefix(_LEFT).rstrip(".").split(", ") if said else []


def digest_of(play: Play) -> str:
    """Of what is played: the drill's code, how it has to be classified, and by which steps it ends."""
    said = (play.drill.digest, play.severity.value, play.rule, play.key, *(act.step for act in play.acts))
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:12]


def _cells(one: Round) -> tuple[str, ...]:
    seconds = (one.detect, one.page, one.acknowledge, one.escalate, one.mitigate, one.recover, one.resolve)
    told = ["-" if value is None else f"{value:.1f}" for value in seconds]
    said = "; ".join(one.problems).replace("|", "/").replace("\n", " ") or "passed"
    return (one.drill, one.incident or "-", one.expected, one.actual or "-", *told, one.review or "-", said)
