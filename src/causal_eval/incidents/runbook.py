"""The runbook as data: Markdown whose shell blocks are steps, each with what it risks and how it must end."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from causal_eval.errors import MalformedFile, UnknownName, UsageError

ATTRIBUTES = ("id", "risk", "needs", "expect", "undo", "drill")
"""What a step says of itself, in comments before its first line: ``# id: health | risk: read``."""
NOBODY = "none"
"""A step's drill where none carries it out; the reason follows a comma."""
_FENCE = re.compile(r"^ *```(?P<language>\S*)(?P<more>.*)$")
_HEADING = re.compile(r"^#+ +(?P<title>.+)$")
_PLACEHOLDER = re.compile(r"\b[A-Z]{2,}\b")
_CODES = re.compile(r"exit (\d+(?:(?:, | or )\d+)*)\b")
_FOR_MAKE = re.compile(r"[\w.:,/@+-]+")


class Risk(StrEnum):
    """What carrying a step out may do."""

    READ = "read"
    REVERSIBLE = "reversible"
    DISRUPTIVE = "disruptive"
    """Somebody may notice: requests or calls under way can be lost and are asked again."""
    DESTRUCTIVE = "destructive"
    """What it takes away does not come back by itself."""

    @property
    def wants_incident(self) -> bool:
        """Whether it is done for an incident alone."""
        return self in {Risk.DISRUPTIVE, Risk.DESTRUCTIVE}

    @property
    def wants_undo(self) -> bool:
        """Whether the runbook has to say how it is taken back."""
        return self in {Risk.REVERSIBLE, Risk.DISRUPTIVE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A shell block; *said* is what stands in its comments, whether or not it makes sense."""

    section: str
    line: int
    """Of its fence."""
    language: str
    said: Mapping[str, str]
    unread: tuple[str, ...]
    """Parts of its comments that are no attribute."""
    code: tuple[str, ...]

    @property
    def id(self) -> str:
        """Its name; empty: it has none."""
        return self.said.get("id", "")

    @property
    def risk(self) -> Risk | None:
        """None: it says none, or one that is not known."""
        said = self.said.get("risk", "")
        return Risk(said) if said in set(Risk) else None

    @property
    def drill(self) -> str:
        """The drill that carries it out; empty: it says none."""
        return self.said.get("drill", "").partition(",")[0].strip()

    @property
    def reason(self) -> str:
        """Why no drill carries it out."""
        return self.said.get("drill", "").partition(",")[2].strip()

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Words of its code in whose place a value is given: those in capitals in *needs*."""
        return tuple(dict.fromkeys(_PLACEHOLDER.findall(self.said.get("needs", ""))))

    @property
    def codes(self) -> frozenset[int]:
        """Exit codes with which it ends as expected; empty: it does not say."""
        found = _CODES.match(self.said.get("expect", ""))
        return frozenset(int(one) for one in re.findall(r"\d+", found[1])) if found else frozenset()


@dataclass(frozen=True, slots=True)
class Runbook:
    """The steps of a file, in order, and the text between them by line."""

    path: Path
    steps: tuple[Step, ...]
    prose: tuple[tuple[int, str], ...] = field(repr=False)

    def step(self, name: str) -> Step:
        """The step with that id.

        Raises:
            UnknownName: there is none.
        """
        found = next((one for one in self.steps if one.id == name), None)
        if found is None:
            raise UnknownName("step", name, (one.id for one in self.steps if one.id))
        return found


def read_runbook(path: Path) -> Runbook:
    """The runbook in a file; blocks without a language are text.

    Raises:
        UsageError: there is no such file. MalformedFile: a block does not end.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the runbook {str(path)!r} cannot be read ({error}): name it by --file") from error
    return _parsed(path, lines)


def _parsed(path: Path, lines: list[str]) -> Runbook:
    steps: list[Step] = []
    prose: list[tuple[int, str]] = []
    section = ""
    left = iter(enumerate(lines, start=1))
    for number, line in left:
        fence = _FENCE.match(line)
        if fence is None:
            heading = _HEADING.match(line)
            section = heading["title"] if heading else section
            prose.append((number, line))
            continue
        block = list(_until_closed(left))
        if not block or _FENCE.match(block[-1][1]) is None:
            raise MalformedFile(str(path), "this block has no end", line=number)
        if fence["language"]:
            steps.append(_step(section, number, language=fence["language"] + fence["more"], block=block[:-1]))
        else:
            prose += block[:-1]
    return Runbook(path, tuple(steps), tuple(prose))


def _until_closed(left: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The rest of a block, with the line that ends it."""
    for number, line in left:
        yield number, line
        if line.strip() == "```":
            return


def _step(section: str, line: int, *, language: str, block: list[tuple[int, str]]) -> Step:
    text = [one.strip() for _, one in block]
    head = next((at for at, one in enumerate(text) if not one.startswith("#")), len(text))
    parts = [part.strip() for one in text[:head] for part in one.lstrip("# ").split(" | ")]
    said, unread = dict[str, str](), list[str]()
    for part in parts:
        name, _, value = part.partition(": ")
        if name in ATTRIBUTES and name not in said and value.strip():
            said[name] = value.strip()
        else:
            unread.append(part)
    code = tuple(one for one in text[head:] if one and not one.startswith("#"))
    return Step(
        section=section, line=line, language=language, said=MappingProxyType(said), unread=tuple(unread), code=code
    )


# ---- values in place of placeholders ------------------------------------------------------------------------------


def filled(step: Step, values: Mapping[str, str]) -> str:
    """The code of *step* with a value, quoted for the shell, in place of each placeholder.

    Raises:
        UsageError: a value lacks, is of no placeholder, or cannot stand there.
    """
    wanted = step.placeholders
    if lacking := [name for name in wanted if not values.get(name, "").strip()]:
        raise UsageError(f"step {step.id} needs {', '.join(lacking)}: give --set {lacking[0]}=VALUE")
    if odd := sorted(set(values) - set(wanted)):
        known = f"needs {', '.join(wanted)} alone" if wanted else "needs no value"
        raise UsageError(f"--set {odd[0]}: step {step.id} {known}")
    return "\n".join(_filled_line(line, {name: values[name] for name in wanted}) for line in step.code)


def _filled_line(line: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        if not word_of(line, name):
            continue
        if value.startswith("-") or not value.isprintable():
            raise UsageError(f"{name} is {value!r}: one line that does not begin with a dash")
        if line.startswith("make ") and not _FOR_MAKE.fullmatch(value):
            raise UsageError(f"{name} is {value!r}: make hands it to a shell, so letters, digits and .:,/@+-_ alone")
    pattern = "|".join(rf"\b{name}\b" for name in values)
    return re.sub(pattern, lambda found: shlex.quote(values[found[0]]), line) if values else line


def word_of(line: str, name: str) -> bool:
    """Whether *line* has *name* as a word."""
    return re.search(rf"\b{name}\b", line) is not None


def stands_free(line: str, name: str) -> bool:
    """Whether *name* stands in no quotes wherever it is in *line*, so that a quoted value can take its place."""
    return all(_outside(line[: found.start()]) for found in re.finditer(rf"\b{name}\b", line))


def _outside(before: str) -> bool:
    try:
        shlex.split(before)
    except ValueError:
        return False
    return True
