"""``causal-eval backup`` and ``restore``: what they do, and what they print."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from causal_eval.backups import restore, shelf, state, take, wal
from causal_eval.backups.keeping import Keeping
from causal_eval.backups.restore import Wish
from causal_eval.backups.rounds import Rounds
from causal_eval.backups.sealing import make_key, read_keys
from causal_eval.cli import output
from causal_eval.errors import CausalEvalError, UsageError
from causal_eval.service.invariants import violations
from causal_eval.service.wiring import close_service, open_service
from causal_eval.settings import read_duration, read_settings

__all__ = ["Wish", "backup", "go_on", "moment", "new_key", "restored", "seal_log", "show", "test"]


def backup(kind: str, *, dry_run: bool, json: bool) -> int:
    """Make one."""
    _end_by_signal()
    keeping = _keeping()
    if dry_run:
        chosen, second = take.kind_of(keeping, kind), f", copied to {keeping.copy}" if keeping.copy else ""
        said = f"would make a {chosen} backup of {keeping.database} in {keeping.folder}{second}, sealed with key "
        return _say(f"{said}{keeping.keys[0].id}; the newest {keeping.keep} are kept", json=json)
    made = take.back_up(keeping, kind=kind).manifest
    rows, copied = sum(one.rows for one in made.tables), ", copied" if keeping.copy else ""
    said = f"backup {made.name}: {rows} rows, {made.size} bytes, sealed with key {made.key}, verified{copied}"
    told = {"name": made.name, "bytes": made.size, "seconds": made.seconds}
    return _say(f"{said}, in {made.seconds:.1f} s", json=json, more=told)


def new_key(file: Path) -> int:
    """Make a key."""
    return _say(f"key {make_key(file).id} in {file}: set CEB_BACKUP_KEY_FILE, and keep a copy elsewhere", json=False)


def show(*, json: bool) -> int:
    """List what is kept."""
    keeping = _keeping()
    for folder in keeping.folders:
        for name in shelf.names(folder):
            _say(_line(folder / name, keeping), json=json)
        found = wal.segments(folder)
        if found:
            _say(f"{folder / wal.FOLDER}  {len(found)} segments, {found[0]} to {found[-1]}", json=json)
    last = state.read_state(keeping.folder)
    for what, at, more in (
        ("success", last.last_success_at, last.last_backup),
        ("failure", last.last_failure_at, last.last_failure),
        ("restore test", last.restore_test_at, last.restore_test_said),
    ):
        _say(f"last {what}: {'never' if at is None else f'{_time(at)}  {more}'}", json=json)
    return 0


def _line(path: Path, keeping: Keeping) -> str:
    try:
        one = shelf.read_manifest(path, keeping.keys)
    except CausalEvalError as error:
        return f"{path}: {error}"
    return f"{path}  {_time(one.made_at)}  {one.server}  schema {one.schema}  {one.size} bytes"


def seal_log(*, json: bool) -> int:
    """Seal what waits."""
    return _say(f"{wal.sweep(_keeping())} segments sealed", json=json)


def test(source: str, *, json: bool) -> int:
    """Restore one and throw it away."""
    _end_by_signal()
    return _say(restore.try_restore(_keeping(), source, further=_violated), json=json)


def go_on(interval: str, log: str, *, test: bool) -> int:
    """Round after round, until SIGTERM."""
    try:
        rounds = Rounds(_keeping(), read_duration(interval), test=test, further=_violated, say=output.note)
        pause = read_duration(log)
    except ValueError as error:
        raise UsageError(f"{str(error)!r} is no time: write such as 30s, 15m or 24h") from error
    _end_by_signal()
    try:
        while True:
            rounds.once()
            time.sleep(pause)
    except KeyboardInterrupt:
        return 0  # what was under way is thrown away: it stands under no name


def _end_by_signal() -> None:
    """Have SIGTERM and SIGHUP do what Ctrl-C does: what was begun is tidied up, and servers of ours are ended."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` has it
            signal.signal(number, signal.default_int_handler)


def restored(wish: Wish, *, dry_run: bool, json: bool) -> int:
    """Restore one, and swap where the wish says so."""
    _end_by_signal()
    keeping = _keeping()
    if dry_run:
        kept, place = restore.plan(keeping, wish)
        return _say(f"would restore {kept.manifest.name} as {place}{', and swap' if wish.swap else ''}", json=json)
    done = restore.restore(keeping, wish, further=_violated, say=output.note)
    said = f"{done.source} restored as {done.place} in {done.seconds:.1f} s: {done.rows} rows, verified"
    if done.aside:
        said += f"; it is in use now, and what was before is called {done.aside}"
    elif not wish.beside:
        said += "; nothing was swapped: run the same command with --swap (make: SWAP=1) to use it"
    return _say(said, json=json, more=asdict(done))


def moment(text: str | None) -> datetime | None:
    """The moment that *text* says, with its offset."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--to is {text!r}, no moment: write such as 2026-11-28T12:00:00Z") from error
    if found.tzinfo is None:
        raise UsageError(f"--to is {text!r}, without an offset: write {text}Z for UTC")
    return found


def _violated(url: str) -> Sequence[str]:
    """What the service finds that does not hold."""
    service = open_service(replace(read_settings(os.environ), database_url=url))
    try:
        return [f"{one.rule}: {one.where}: {one.problem}" for one in violations(service)]
    finally:
        close_service(service)


def _keeping() -> Keeping:
    settings = read_settings(os.environ)
    return Keeping(
        url=settings.database_url, account=settings.backup_database_url or settings.database_url,
        folder=settings.backup_dir, keys=read_keys(settings.backup_key_file), clock=time.time,
        copy=settings.backup_copy_dir, spool=settings.backup_wal_dir, keep=settings.backup_keep,
    )  # fmt: skip


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _say(said: str, *, json: bool, more: Mapping[str, object] | None = None) -> int:
    if json:
        output.emit({"said": said, **(more or {})})
    else:
        output.say(said)
    return 0
