"""What is wrong with the runbook: attributes that lack, and names of what there is not."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from causal_eval.incidents.runbook import NOBODY, Risk, Runbook, Step, stands_free, word_of

SYMBOLS = frozenset("\N{POLICE CARS REVOLVING LIGHT}\N{WHITE HEAVY CHECK MARK}\U0001f504")
"""What is not ASCII in the templates; anything else is text that was read in a wrong encoding."""
_PROGRAM = "causal-eval"
_COMPOSE = "docker-compose"
_TOOLS = frozenset({"curl", "date", "df", "docker-compose", "git", "grep", "openssl", "promtool", "sort", "tail"})
"""Programs beside ours that a step may call."""
_SPAN = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_BARE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
_QUERY = re.compile(r"([a-z][a-z0-9_]*)\{[^}]*\}|\b(up)\b")
_JOB = re.compile(r"""job="([^"]+)\"""")
_ALERT = re.compile(r"(?=\w*[a-z])[A-Z][A-Za-z0-9]*[A-Z][A-Za-z0-9]*")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
_TABLE = re.compile(r"\b(?:from|join|into|update|table)\s+([a-z_][a-z0-9_]*)", re.IGNORECASE)
_ASSIGNED = re.compile(r"([A-Z]+)=(.*)", re.DOTALL)
_BARE_METRIC = re.compile(r"(?<![\w{,\"])([a-z][a-z0-9]*(?:_[a-z0-9]+){1,})(?=\s*[{<>=\[)])")
_REFERRED = re.compile(r"\b([Ss]teps?|[Dd]rills?) ((?:`[a-z0-9-]+`(?:, | and )?)+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What there is to name; whoever asks hands it in."""

    root: Path
    """Where files lie."""
    made: frozenset[str]
    """Paths of what is there once containers are set up."""
    metrics: frozenset[str]
    alerts: frozenset[str]
    jobs: frozenset[str]
    targets: frozenset[str]
    given: frozenset[str]
    """What targets can be given: ``S``, ``TO``."""
    services: frozenset[str]
    variables: frozenset[str]
    tables: frozenset[str]
    drills: frozenset[str]
    commands: Mapping[str, frozenset[str]]
    """Ours, by their words, each with its flags; the program itself is the empty one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong, and in which line."""

    line: int
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


def lint(runbook: Runbook, known: Known) -> list[Fault]:
    """Everything that is wrong with *runbook*, from top to bottom."""
    twice = {name for name, count in Counter(step.id for step in runbook.steps).items() if name and count > 1}
    found: list[Fault] = []
    for step in runbook.steps:
        told = [*_attributes(step, known), *_code(step, known)]
        told += [f"the id {step.id} stands twice"] if step.id in twice else []
        found += [Fault(step.line, f"step {step.id or '?'}: {one}") for one in told]
    ids = frozenset(step.id for step in runbook.steps)
    said = [(step.line, text) for step in runbook.steps for text in step.said.values()]
    for number, text in [*runbook.prose, *said]:
        told = [*_prose(text, known, folder=runbook.path.parent), *_referred(text, known, ids=ids)]
        found += [Fault(number, one) for one in told]
    return sorted(found, key=lambda one: one.line)


def _attributes(step: Step, known: Known) -> Iterator[str]:
    if step.language != "sh":
        yield f"a block of {step.language!r}: steps are blocks of sh, texts have no language"
    if not re.fullmatch(r"[a-z][a-z0-9-]*", step.id):
        yield "no id of small letters, digits and dashes"
    if step.risk is None:
        yield f"risk is {step.said.get('risk', '')!r}: one of {', '.join(Risk)}"
    elif step.risk.wants_undo and "undo" not in step.said:
        yield f"{step.risk}, and it does not say how it is undone"
    if not step.codes:
        yield "expect does not begin with `exit` and a code"
    yield from (f"{part!r} is no attribute, or stands twice" for part in step.unread)
    if not step.drill or (step.drill == NOBODY and not step.reason):
        yield f"no drill, and no reason (`drill: {NOBODY}, because ...`)"
    elif step.drill not in known.drills | {NOBODY}:
        yield f"no such drill: {step.drill}"


def _code(step: Step, known: Known) -> Iterator[str]:
    if not step.code:
        yield "there is nothing to carry out"
    for name in step.placeholders:
        if not any(word_of(line, name) for line in step.code):
            yield f"{name} is needed, and not used"
        if not all(stands_free(line, name) for line in step.code):
            yield f"{name} stands in quotes, where no value can be put safely"
    for line in step.code:
        yield from _line(line, known, placeholders=frozenset(step.placeholders))


def _line(line: str, known: Known, *, placeholders: frozenset[str] = frozenset()) -> Iterator[str]:
    """What is wrong with a line of shell: parts between pipes and the like are commands."""
    try:
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;")
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError as error:
        yield f"{line!r}: {error}"
        return
    part: list[str] = []
    for word in [*words, ";"]:
        if set(word) <= set("|&;"):
            yield from _command(part, known, placeholders=placeholders) if part else ()
            part = []
        else:
            part.append(word)


def _command(words: list[str], known: Known, *, placeholders: frozenset[str]) -> Iterator[str]:
    program, rest = words[0], words[1:]
    for word in rest:
        yield from (
            f"no such table: {name}" for name in _TABLE.findall(word) if " " in word and name not in known.tables
        )
        if word not in placeholders and _VARIABLE.fullmatch(word) and word not in known.variables:
            yield f"no such variable, and not in needs: {word}"
    yield from _files(rest, known)
    if program == "make":
        yield from _make(rest, known, placeholders=placeholders)
    elif program == _PROGRAM:
        yield from _ours(rest, known)
    elif program == _COMPOSE:
        plain = [word for word in rest[1:] if not word.startswith("-")]
        yield from (f"no such service: {word}" for word in plain[:1] if word not in known.services)
    elif program not in _TOOLS:
        yield f"an unknown program: {program}"


def _make(words: list[str], known: Known, *, placeholders: frozenset[str]) -> Iterator[str]:
    for word in words:
        given = _ASSIGNED.fullmatch(word)
        if given is None:
            yield from () if word in known.targets else (f"no such target of make: {word}",)
        elif given[1] not in known.given:
            yield f"make takes no {given[1]}"
        elif given[1] == "S" and given[2] not in known.services | placeholders:
            yield f"no such service: {given[2]}"
        elif given[1] == "D" and given[2] not in known.drills | placeholders | {"all"}:
            yield f"no such drill: {given[2]}"


def _ours(words: list[str], known: Known) -> Iterator[str]:
    """What is wrong with one of our own commands; behind ``--`` of ``stack run`` stands another one."""
    path = ""
    while words and f"{path} {words[0]}".strip() in known.commands:
        path = f"{path} {words.pop(0)}".strip()
    if path in _groups(known) and words and not words[0].startswith("-"):
        yield f"no such command: {_PROGRAM} {path} {words[0]}".replace("  ", " ")
        return
    for at, word in enumerate(words):
        if word == "--":
            yield from _ours(words[at + 1 :], known)
            return
        flag = word.partition("=")[0]
        if word.startswith("-") and flag not in known.commands[path]:
            yield f"{_PROGRAM} {path} has no {flag}"
    if path == "stack logs" and words and words[0] not in known.services:
        yield f"no such service: {words[0]}"


def _groups(known: Known) -> frozenset[str]:
    return frozenset({"", *(path.rpartition(" ")[0] for path in known.commands)})


def _files(words: list[str], known: Known) -> Iterator[str]:
    for word in words:
        is_path = re.fullmatch(r"[\w.-]+(/[\w.-]+)+", word) and "://" not in word
        if is_path and not _is_there(word, known, folder=known.root):
            yield f"no such file: {word}"


def _is_there(path: str, known: Known, *, folder: Path) -> bool:
    return path.rstrip("/") in known.made or (known.root / path).exists() or (folder / path).exists()


# ---- what stands between the steps ----------------------------------------------------------------------------------


def _prose(text: str, known: Known, *, folder: Path) -> Iterator[str]:
    odd = {letter for letter in text if not letter.isascii()} - SYMBOLS
    yield from (f"{letter!r} is no letter of the templates: read in a wrong encoding?" for letter in sorted(odd))
    for span in _SPAN.findall(text):
        yield from _span(span, known, folder=folder)
    for said, to in _LINK.findall(text):
        target = to.partition("#")[0]
        if "://" in to or not target:
            continue
        if not (folder / target).exists():
            yield f"no such file: {target}"
        elif target.startswith("alerts/") and _is_name(said) and said not in known.alerts:
            yield f"no such alert: {said}"


def _referred(text: str, known: Known, *, ids: frozenset[str]) -> Iterator[str]:
    """Steps and drills that there are not."""
    for what, names in _REFERRED.findall(text):
        there = ids if what.lower().startswith("step") else known.drills
        yield from (f"no such {what.lower().rstrip('s')}: {name}" for name in _SPAN.findall(names) if name not in there)


def _is_name(said: str) -> bool:
    return re.fullmatch(r"\w*[A-Z_]\w*", said) is not None


def _span(span: str, known: Known, *, folder: Path) -> Iterator[str]:
    words = span.split()
    if words[0] in {"make", _PROGRAM, _COMPOSE}:
        yield from _line(span, known)
    elif _VARIABLE.fullmatch(span):
        yield from () if span in known.variables else (f"no such variable: {span}",)
    elif _BARE.fullmatch(span):
        everything = known.metrics | known.alerts | known.tables | {one.lower() for one in known.variables}
        yield from () if span in everything else (f"no such metric, alert or table: {span}",)
    elif "{" in span or _is_query(span):
        named = {one or other for one, other in _QUERY.findall(span)} | set(_BARE_METRIC.findall(span))
        yield from (f"no such metric: {name}" for name in sorted(named) if name not in known.metrics)
        yield from (f"no such job: {name}" for name in _JOB.findall(span) if name not in known.jobs)
    elif _ALERT.fullmatch(span):
        yield from () if span in known.alerts else (f"no such alert: {span}",)
    elif "/" in span and re.fullmatch(r"[\w./-]+", span) and not span.startswith("/"):
        yield from () if _is_there(span, known, folder=folder) else (f"no such file: {span}",)


def _is_query(span: str) -> bool:
    return re.fullmatch(r"[a-z_0-9]+ (==|>|<|>=|<=) [\d.]+", span) is not None
