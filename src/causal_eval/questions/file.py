"""Question files: canonical JSONL or Parquet, ours or a user's own; what cannot be read is named by line and field."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from causal_eval.errors import MalformedFile
from causal_eval.questions.gold import as_kept, number_in, problem_of
from causal_eval.questions.question import (
    CANARY,
    GENERATOR,
    TOLERANCE,
    AnswerKind,
    AnswerSpec,
    Certificate,
    Question,
    canonical,
)


class _Answer(msgspec.Struct, frozen=True):
    kind: AnswerKind
    options: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    may_be_none: bool = False
    tolerance: Fraction = TOLERANCE


class _Line(msgspec.Struct, frozen=True):
    """One line of a file; only the first four fields are needed in a user's own."""

    id: str
    prompt: str
    answer: _Answer | AnswerKind
    gold: Any = None
    family: str = "custom"
    kind: str = ""
    rung: int = 0
    domain: str = ""
    regime: str = ""
    difficulty: int = 0
    cluster: str | None = None
    twin: str | None = None
    joint: bool = False
    exempt: tuple[str, ...] = ()
    certificate: Certificate | None = None
    seed: str = ""
    renderer: str = "list"
    language: str = "en"
    generator: str = ""
    canary: str = ""


def _fraction(kind: type, value: object) -> object:
    if kind is Fraction and isinstance(value, str | int | float):
        return number_in(str(value))
    raise NotImplementedError(kind)


_DECODER = msgspec.json.Decoder(_Line, dec_hook=_fraction)


def read_questions(path: Path) -> Iterator[Question]:
    """Questions of a JSONL or ``.parquet`` file in file order, one in memory at a time.

    Raises:
        MalformedFile: file, line and field that cannot be read, a duplicate id, an empty file, or a set made by
            another generator version.
    """
    return _read(_parquet_lines(path) if path.suffix == ".parquet" else _json_lines(path), path)


def read_text(content: bytes, *, name: str) -> Iterator[Question]:
    """Questions of JSONL that somebody sends; messages call it *name*.

    Raises:
        MalformedFile: as for :func:`read_questions`.
    """
    lines = ((number, line) for number, line in enumerate(content.splitlines(), 1) if line.strip())
    return _read(lines, Path(name))


def _read(lines: Iterable[tuple[int, bytes]], path: Path) -> Iterator[Question]:
    seen: set[bytes] = set()
    for number, line in lines:
        question = _question(line, path, number=number)
        key = hashlib.blake2b(question.id.encode(), digest_size=8).digest()
        if key in seen:
            raise MalformedFile(str(path), f"duplicate id {question.id!r}: every question needs its own", line=number)
        seen.add(key)
        yield question
    if not seen:
        raise MalformedFile(str(path), "holds no question; `causal-eval generate --n 100 --out FILE` makes a set")


def write_jsonl(questions: Iterable[Question], path: Path, *, gold: Path | None = None) -> str:
    """Write canonical JSONL and return the set hash; with *gold*, answers and certificates go to that file instead.

    Nothing half-written is left: both files appear under their names only when they are whole.
    """
    digest = SetHash()
    parts = [path.with_name(path.name + ".part")]
    if gold is not None:
        parts.append(gold.with_name(gold.name + ".part"))
    handles = [part.open("wb") for part in parts]
    try:
        for question in questions:
            digest.add(question)
            if gold is None:
                handles[0].write(canonical(question) + b"\n")
            else:
                handles[0].write(canonical(public(question)) + b"\n")
                handles[1].write(canonical(question) + b"\n")
    except BaseException:
        for handle, part in zip(handles, parts, strict=True):
            handle.close()
            part.unlink(missing_ok=True)
        raise
    for handle, part, final in zip(handles, parts, (path, gold), strict=False):
        handle.close()
        assert final is not None
        part.replace(final)
    return digest.hexdigest()


def write_parquet(questions: Iterable[Question], path: Path) -> str:
    """Write one row a question (nested values as JSON text) and return the set hash; needs the extra ``parquet``."""
    import polars as pl  # the extra [parquet]

    digest = SetHash()
    rows = []
    for question in questions:
        digest.add(question)
        flat = msgspec.json.decode(canonical(question))
        rows.append({key: value if _plain(value) else canonical(value).decode() for key, value in flat.items()})
    part = path.with_name(path.name + ".part")
    try:
        pl.DataFrame(rows, infer_schema_length=None).write_parquet(part, compression="zstd")
    except (pl.exceptions.PolarsError, OSError) as error:
        part.unlink(missing_ok=True)
        raise MalformedFile(str(path), f"cannot be written ({error}); nothing is left of it") from error
    part.replace(path)
    return digest.hexdigest()


def public(question: Question) -> Question:
    """The question without its answer and proof."""
    return replace(question, gold=None, certificate=None)


class SetHash:
    """The hash of a set of questions in order: equal sets have equal public and private files' hashes."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.count = 0

    def add(self, question: Question) -> None:
        """Take the next question."""
        self._digest.update(question.id.encode() + b"\n" + hashlib.sha256(question.prompt.encode()).digest())
        self.count += 1

    def hexdigest(self) -> str:
        """``set-`` and 16 hex digits."""
        return f"set-{self._digest.hexdigest()[:16]}"


def _plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | bool)


def _json_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as handle:
            yield from ((number, line) for number, line in enumerate(handle, 1) if line.strip())
    except OSError as error:
        raise MalformedFile(str(path), f"cannot be read ({error.strerror}); check the path") from error


def _parquet_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        import polars as pl  # the extra [parquet]
    except ImportError as error:
        raise MalformedFile(str(path), "Parquet needs the extra: pip install 'causal-eval-bench[parquet]'") from error
    nested = ("answer", "gold", "certificate", "exempt")
    try:
        table = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise MalformedFile(str(path), f"is no Parquet file that can be read ({error})") from error
    for number, row in enumerate(table.iter_rows(named=True), 1):
        line = {key: _decoded(value) if key in nested else value for key, value in row.items()}
        yield number, msgspec.json.encode(line)


def _decoded(value: str | None) -> Any:
    if value is None:
        return None
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value


def _question(line: bytes, path: Path, *, number: int) -> Question:
    try:
        row = _DECODER.decode(line)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        field = place.strip("`.") or (_quoted(message) if "field" in message else "")
        if "enum" in message:
            message += f": known are {', '.join(AnswerKind)}"
        raise MalformedFile(str(path), message, line=number, field=field or None) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise MalformedFile(str(path), f"not a JSON object: {error}", line=number) from error
    if row.generator not in ("", GENERATOR):
        raise MalformedFile(
            str(path),
            f"made by generator version {row.generator!r}, this program is version {GENERATOR!r}: generate it anew",
            line=number,
            field="generator",
        )
    if not row.prompt.strip():
        raise MalformedFile(str(path), "is empty: there is nothing to ask", line=number, field="prompt")
    answer = AnswerSpec(row.answer) if isinstance(row.answer, AnswerKind) else _spec(row.answer)
    problem = problem_of(answer, row.gold)
    if problem:
        raise MalformedFile(str(path), problem, line=number, field="gold")
    return Question(
        id=row.id, family=row.family, kind=row.kind or row.family, rung=row.rung, domain=row.domain,
        regime=row.regime, difficulty=row.difficulty, cluster=row.cluster or row.id, twin=row.twin, joint=row.joint,
        exempt=row.exempt, prompt=row.prompt, answer=answer, gold=as_kept(answer, row.gold),
        certificate=row.certificate, seed=row.seed, renderer=row.renderer, language=row.language,
        generator=row.generator, canary=row.canary or CANARY,
    )  # fmt: skip


def _spec(answer: _Answer) -> AnswerSpec:
    return AnswerSpec(answer.kind, answer.options, answer.items, answer.may_be_none, answer.tolerance)


def _quoted(message: str) -> str:
    return message.split("`")[1] if message.count("`") >= 2 else ""  # noqa: PLR2004 - an opening and a closing one
