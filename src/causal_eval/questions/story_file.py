"""What a story file must hold, so that every clause it gives is English and can be read back without doubt.

A file has ``title``, ``unit``, ``units``, ``source``, ``reason`` (a sentence for each stage 0 to 5: why nothing of
it is caused by a later stage in this field), ``contexts`` (at least five sentences) and ``variables`` (at least 24,
at least four in each stage), each with ``id``, ``name``, ``stage``, ``low``, ``high``, ``positive`` and, where it
fits, ``kind``. Files may come from anybody: everything is checked.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from causal_eval.errors import MalformedFile
from causal_eval.questions.domain import STAGES, Domain, Variable

MIN_VARIABLES = 24
MAX_VARIABLES = 400
MIN_PER_STAGE = 4
MIN_CONTEXTS = 5
NAME_WORDS = 4
"""Most words of a name, the article not counted."""
STATE_WORDS = 2
BANNED = frozenset(
    """and or not no if given because cause causes caused causal affect affects effect effects
    is are was were be been would had has have do does did than that which when while only every each all any
    exactly least most probability chance percent variable of on to from by in with for a an""".split()  # noqa: SIM905 - a readable list of words
)
"""Words that a prompt's grammar needs for itself: a name or state with one of them could be read two ways."""

_WORDS = re.compile(r"[a-z]+(?:-[a-z]+)*(?: [a-z]+(?:-[a-z]+)*)*")
_PLURAL = re.compile(r"(?<![sui])s$")  # "access", "status" and "diagnosis" are singular
_STEPS = re.compile(r"\.(\w+)|\[(\d+)\]")
_NAMED = re.compile(r"field `(.*)`", re.DOTALL)
_SENTENCE = re.compile(r"[A-Z][A-Za-z' -]+(?:, [A-Za-z' -]+)*\.")


def _check_words(text: str, most: int) -> str:
    if not _WORDS.fullmatch(text):
        return f"{text!r} must be lower-case words, letters and single spaces only"
    if banned := BANNED.intersection(re.split("[ -]", text)):
        return f"{text!r} holds {min(banned)!r}, which prompts need for their own grammar"
    return f"{text!r} has more than {most} words" if len(text.split()) > most else ""


def _check_name(name: str) -> str:
    if problem := _check_words(name, NAME_WORDS + 1):
        return problem
    if not name.startswith("the "):
        return f"{name!r} must begin with 'the ', to stand in the middle of a sentence"
    return f"{name!r} looks plural; '... is high' needs a singular" if _PLURAL.search(name) else ""


def _check_sentence(text: str) -> str:
    is_one = _SENTENCE.fullmatch(text)
    return "" if is_one else f"{text!r} must be one sentence of letters and commas that ends with a full stop"


_Sentence = Annotated[str, Meta(min_length=30, max_length=160)]
_Noun = Annotated[str, Meta(pattern=r"^[a-z]+( [a-z]+)?$")]


class _Entry(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(pattern=r"^[a-z]+(_[a-z]+)*$")]
    name: str
    stage: Annotated[int, Meta(ge=0, lt=STAGES)]
    low: str
    high: str
    positive: bool
    kind: Literal["exposure", "treatment", "outcome"] | None = None


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    title: Annotated[str, Meta(min_length=3, max_length=40)]
    unit: _Noun
    units: _Noun
    source: Annotated[str, Meta(min_length=10)]
    reason: Annotated[list[_Sentence], Meta(min_length=STAGES, max_length=STAGES)]
    contexts: Annotated[list[_Sentence], Meta(min_length=MIN_CONTEXTS, max_length=40)]
    variables: Annotated[list[_Entry], Meta(min_length=MIN_VARIABLES, max_length=MAX_VARIABLES)]


def read(content: bytes, *, domain: str, path: str) -> Domain:
    """The vocabulary that *content*, the bytes of the story file *path*, gives to *domain*.

    Raises:
        MalformedFile: not TOML, or a rule of this module is broken; names file, variable and field.
    """
    try:
        data = tomllib.loads(content.decode())
    except ValueError as error:  # also of bytes that are no text, and of integers that are too long to be read
        raise MalformedFile(path, f"not TOML in UTF-8: {error}") from None
    except RecursionError:
        raise MalformedFile(path, "it nests too deep to be read") from None
    try:
        file = msgspec.convert(data, _File)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at `$")
        raise MalformedFile(path, problem, field=_place(problem, where, data=data)) from None
    for field, problem in (*_misworded(file), *_clashes(file)):
        if problem:
            raise MalformedFile(path, problem, field=field)
    return _domain(domain, file)


def _place(problem: str, where: str, *, data: dict[str, Any]) -> str:
    """The field as a person would look for it: a variable by its id, anything else by its position."""
    steps = [name or number for name, number in _STEPS.findall(where)]
    if steps[:1] == ["variables"] and len(steps) > 1:
        entry = data["variables"][int(steps[1])]
        steps[1] = str(entry.get("id", steps[1])) if isinstance(entry, dict) else steps[1]
    named = _NAMED.search(problem)
    return ".".join([*steps, *([named[1]] if named else [])])


def _misworded(file: _File) -> Iterator[tuple[str, str]]:
    """(field, problem) for every text; no problem: an empty one."""
    for field, texts in (("reason", file.reason), ("contexts", file.contexts)):
        for number, text in enumerate(texts):
            yield f"{field}.{number}", _check_sentence(text)
    for entry in file.variables:
        yield f"variables.{entry.id}.name", _check_name(entry.name)
        yield f"variables.{entry.id}.low", _check_words(entry.low, STATE_WORDS)
        yield f"variables.{entry.id}.high", _check_words(entry.high, STATE_WORDS)


def _clashes(file: _File) -> Iterator[tuple[str, str]]:
    """(field, problem) for every rule that concerns more than one field."""
    yield from _state_clashes(file.variables)
    yield from _name_clashes(file.variables)
    if len(set(file.contexts)) < len(file.contexts):
        yield "contexts", "the same sentence stands twice; each variant must differ"
    if len(set(file.reason)) < len(file.reason):
        yield "reason", "the same sentence stands twice; each stage has its own reason"
    for stage in range(STAGES):
        count = sum(entry.stage == stage for entry in file.variables)
        if count < MIN_PER_STAGE:
            yield "variables", f"stage {stage} has {count} variables; each stage needs {MIN_PER_STAGE}"


def _state_clashes(entries: list[_Entry]) -> Iterator[tuple[str, str]]:
    taken = {word for entry in entries for state in (entry.low, entry.high) for word in state.split()}
    for entry in entries:
        if entry.low in entry.high or entry.high in entry.low:
            yield (
                f"variables.{entry.id}.high",
                f"{entry.high!r} and the low state {entry.low!r}: one contains the other",
            )
        if words := taken.intersection(entry.name.split()):
            yield f"variables.{entry.id}.name", f"{entry.name!r} holds {min(words)!r}, a state of this domain"


def _name_clashes(entries: list[_Entry]) -> Iterator[tuple[str, str]]:
    for number, entry in enumerate(entries):
        for other in entries[:number]:
            if entry.id == other.id:
                yield f"variables.{entry.id}.id", "another variable has the same id"
            bare, before = entry.name.removeprefix("the "), other.name.removeprefix("the ")
            if bare in before or before in bare:
                yield (
                    f"variables.{entry.id}.name",
                    f"{entry.name!r} and {other.name!r}: one contains the other",
                )


def _domain(domain: str, file: _File) -> Domain:
    variables = tuple(
        Variable(entry.id, entry.name, entry.stage, (entry.low, entry.high), entry.positive, entry.kind)
        for entry in file.variables
    )
    stages = tuple(tuple(one for one in variables if one.stage == stage) for stage in range(STAGES))
    return Domain(
        id=domain,
        title=file.title,
        unit=file.unit,
        units=file.units,
        contexts=tuple(file.contexts),
        source=file.source,
        reason=tuple(file.reason),
        variables=variables,
        stages=stages,
    )
