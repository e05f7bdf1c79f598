"""A review without what differs from one time to the next: moments, seals, who typed, and what depends on pace."""

from __future__ import annotations

import re

_ROW = re.compile(r"^\| (?P<at>[\d-]+ [\d:]+) \| (?P<kind>[a-z-]+) \| (?P<text>.*) \| (?P<who>\S+) \|$")
_QUICK = frozenset({"signal", "signal-ended", "classified", "health", "deployment", "snapshot"})
"""Of a timeline: which alert is first, and whether one ends before another, nobody decides."""
_AGAIN = ("it fires again", "update to ")
"""How often, and when, is a matter of pace."""
_JOINED = re.compile(r"INC-\d+ \(.*\) is part of it")
"""What follows is an incident of its own where it is seen sooner than its cause."""
_KNOWN = ("| Results that overlap it |", "| Score without these results |")
"""Where the database could say so by then."""
_MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?( UTC)?"), "(moment)"),
    (re.compile(r"^(\| (?:Detected|Acknowledged|Mitigated|Resolved) after \|) .* \|$"), r"\1 (a while) |"),
    (re.compile(r"INC-\d+"), "INC-(n)"),
    (re.compile(r"Sealed by `[0-9a-f]+`"), "Sealed by `(seal)`"),
    (re.compile(r"(Messages and updates in the timeline:) \d+"), r"\1 (some)"),
    (re.compile(r"^\| \d+ \| (play it again)"), r"| (number) | \1"),
    (re.compile(r"^(\| Responder \|) .* \|$"), r"\1 (person) |"),
    (re.compile(r"^(\| (?:Evaluations|Users|Extra calls|Score) \|) .* \|$"), r"\1 (as far as is known) |"),
)


def plain(review: str) -> str:
    """*review* as it is every time; of a timeline each line once, where it first stands."""
    found: list[str] = []
    for line in review.splitlines():
        row = _ROW.match(line)
        if row is None:
            found += [] if line.startswith(_KNOWN) else [_masked(line)]
        elif row["kind"] not in _QUICK and not (row["text"].startswith(_AGAIN) or _JOINED.fullmatch(row["text"])):
            who = row["who"] if row["who"] == "sentinel" else "(person)"
            text = "(what was first)" if row["kind"] == "opened" else _masked(row["text"])
            said = f"| (moment) | {row['kind']} | {text} | {who} |"
            found += [said] if said not in found else []
    return "\n".join([*found, ""])


def _masked(line: str) -> str:
    for mask, word in _MASKS:
        line = mask.sub(word, line)
    return line
