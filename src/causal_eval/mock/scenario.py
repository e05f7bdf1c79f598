"""Reads a scenario: a TOML file with keys, phases, latency and what becomes of batches.

Every mistake is named with its line and field. ``docs/reference/mock-server.md`` describes the format.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
from msgspec import Meta

from causal_eval.errors import MalformedFile
from causal_eval.mock.batches import BatchPlan
from causal_eval.mock.faults import BIG, Fault, Mode
from causal_eval.mock.keys import Key
from causal_eval.mock.latency import FixedTime, Latency, LogNormal, Uniform
from causal_eval.mock.timeline import Phase

Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(gt=0, le=1)]
_T = TypeVar("_T", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a scenario file says."""

    keys: tuple[Key, ...] = ()
    phases: tuple[Phase, ...] = ()
    latency: Latency | None = None
    batch: BatchPlan | None = None
    seed: str | None = None


class _Table(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A table of the file: unknown fields are mistakes."""


class _Spread(_Table):
    uniform: tuple[Seconds, Seconds] | None = None
    lognormal: Seconds | None = None
    sigma: Seconds = 0.5


class _Key(_Table):
    value: Annotated[str, Meta(min_length=1)]
    quota: Annotated[int, Meta(ge=0)] | None = None
    revoked_from_request: Count | None = None
    revoked_from_second: Seconds | None = None
    requests_per_minute: Count | None = None
    tokens_per_minute: Count | None = None


class _Phase(_Table):
    name: str = ""
    mode: str | None = None
    every: Annotated[int, Meta(ge=0)] = 0
    chance: Share | None = None
    seconds: Seconds | None = None
    bytes: Count = BIG
    skew: float = 0.0
    latency: Seconds | _Spread | None = None
    key: str = ""
    model: str = "*"
    path: str = "*"
    prompts: Annotated[int, Meta(ge=0)] = 0
    from_second: Seconds = 0.0
    for_seconds: Seconds = float("inf")
    from_request: Count = 1
    to_request: Count | None = None


class _Batch(_Table):
    seconds: Seconds = 0.0
    polls: Annotated[int, Meta(ge=0)] = 1
    invalid: bool = False
    errored_every: Annotated[int, Meta(ge=0)] = 0
    expired_every: Annotated[int, Meta(ge=0)] = 0
    missing_every: Annotated[int, Meta(ge=0)] = 0
    shuffled: bool = False


class _File(_Table):
    seed: str | None = None
    latency: Seconds | _Spread | None = None
    keys: dict[str, Any] = {}
    phase: list[Any] = []
    batch: Any = None


def read_scenario(path: Path) -> Scenario:
    """The scenario in the file at *path*; MalformedFile names line and field of the first mistake."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise MalformedFile(str(path), f"cannot be read ({reason}); check the path") from error
    return parse_scenario(text, str(path))


def parse_scenario(text: str, path: str = "scenario") -> Scenario:
    """The scenario that *text* describes; *path* stands in errors."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else len(text.splitlines())
        raise MalformedFile(path, f"is no TOML: {error}", line=line) from error
    return _Reader(path, _lines(text)).scenario(tables)


@dataclass(frozen=True, slots=True)
class _Reader:
    path: str
    lines: Mapping[str, int]

    def scenario(self, tables: dict[str, Any]) -> Scenario:
        file = self._table(tables, _File, place="")
        keys = tuple(self._key(name, table) for name, table in file.keys.items())
        self._once(keys)
        return Scenario(
            keys=keys,
            phases=tuple(self._phase(table, f"phase[{place}]", keys=keys) for place, table in enumerate(file.phase)),
            latency=self._latency(file.latency, ""),
            batch=None if file.batch is None else self._batch(file.batch),
            seed=file.seed,
        )

    def _key(self, name: str, table: Any) -> Key:
        read = self._table(table, _Key, place=f"keys.{name}")
        return Key(name, **msgspec.structs.asdict(read))

    def _once(self, keys: tuple[Key, ...]) -> None:
        owners: dict[str, str] = {}
        for key in keys:
            if key.value in owners:
                self._fail(f"keys.{key.name}.value", f"is that of {owners[key.value]!r} too: give each key its own")
            owners[key.value] = key.name

    def _phase(self, table: Any, place: str, *, keys: tuple[Key, ...]) -> Phase:
        read = self._table(table, _Phase, place=place)
        if read.mode is None and read.latency is None:
            self._fail(f"{place}.mode", "is missing: a phase has a mode, a latency or both")
        last = float("inf") if read.to_request is None else read.to_request
        if last < read.from_request:
            self._fail(f"{place}.to_request", f"is {last}, before from_request = {read.from_request}")
        return Phase(
            fault=None if read.mode is None else self._fault(read, place),
            latency=self._latency(read.latency, place),
            key=self._named(read.key, place, keys=keys),
            model=read.model,
            path=read.path,
            prompts=read.prompts,
            from_second=read.from_second,
            for_seconds=read.for_seconds,
            from_request=read.from_request,
            to_request=last,
        )

    def _fault(self, read: _Phase, place: str) -> Fault:
        if read.mode not in set(Mode):
            near = get_close_matches(read.mode or "", list(Mode), n=3)
            hint = f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(Mode)}"
            self._fail(f"{place}.mode", f"{read.mode!r} is no mode: {hint}")
        return Fault(
            Mode(read.mode or ""),
            every=read.every,
            chance=read.chance or 0.0,
            seconds=read.seconds,
            size=read.bytes,
            skew=read.skew,
        )

    def _named(self, key: str, place: str, *, keys: tuple[Key, ...]) -> str:
        names = {known.name: known.name for known in keys} | {known.value: known.name for known in keys}
        if key and key not in names:
            defined = ", ".join(known.name for known in keys) or "none"
            self._fail(f"{place}.key", f"is not defined; give it a table [keys.NAME] (defined: {defined})")
        return names.get(key, "")

    def _latency(self, read: float | _Spread | None, place: str) -> Latency | None:
        match read:
            case _Spread(uniform=(low, high), lognormal=None) if low <= high:
                return Uniform(low, high)
            case _Spread(uniform=None, lognormal=float(median)):
                return LogNormal(median, read.sigma)
            case _Spread():
                wanted = "seconds, { uniform = [LOW, HIGH] } or { lognormal = MEDIAN, sigma = S }"
                self._fail(f"{place}.latency", f"must be {wanted}")
        return None if read is None else FixedTime(float(read))

    def _batch(self, table: Any) -> BatchPlan:
        return BatchPlan(**msgspec.structs.asdict(self._table(table, _Batch, place="batch")))

    def _table(self, value: Any, kind: type[_T], *, place: str) -> _T:
        """*value* as *kind*; msgspec's complaint is put into place, line and field."""
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            problem, _, at = str(error).partition(" - at `$")
            quoted = re.search(r"field `(\w+)`", problem)
            field = quoted[1] if quoted else at.strip("`.").partition(".")[0].partition("[")[0]
            known = [known.name for known in msgspec.structs.fields(kind)]
            near = get_close_matches(field, known, n=3, cutoff=0.5) if "unknown" in problem else []
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            self._fail(f"{place}.{field}", f"{problem[0].lower()}{problem[1:]}{hint}")

    def _fail(self, where: str, problem: str) -> NoReturn:
        field = where.strip(".")
        line = self.lines.get(field, self.lines.get(field.rpartition(".")[0]))
        raise MalformedFile(self.path, problem, line=line, field=field)


def _lines(text: str) -> dict[str, int]:
    """Place (``phase[0].mode``, ``keys.a``) -> the line on which it stands first."""
    return dict(reversed(list(_places(text))))


def _places(text: str) -> Iterator[tuple[str, int]]:
    counts: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[\[\s*(.+?)\s*\]\]", line):
            place = counts.get(header[1], 0)
            counts[header[1]] = place + 1
            table = f"{header[1]}[{place}]"
            yield table, number
        elif header := re.match(r"\s*\[\s*(.+?)\s*\]", line):
            table = ".".join(part.strip().strip("\"'") for part in header[1].split("."))
            yield table, number
        elif field := re.match(r"\s*([\w\"'.-]+)\s*=", line):
            yield f"{table}.{field[1]}".strip(".").replace('"', ""), number
