"""A PostgreSQL server: backed up while others write, brought to any moment since, restored beside and swapped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from causal_eval.backups import shelf, take, target, wal
from causal_eval.backups.check import sums_at
from causal_eval.backups.keeping import Keeping
from causal_eval.backups.postgres import programs
from causal_eval.backups.recover import log_of
from causal_eval.backups.restore import Wish, flush_log, plan, restore, try_restore
from causal_eval.backups.rounds import Rounds
from causal_eval.backups.scratch import scratch, serving
from causal_eval.backups.shelf import Kept, Manifest, read_manifest, write_manifest
from causal_eval.backups.state import read_state
from causal_eval.errors import Conflict, StoreError, UsageError, VerificationMismatch
from causal_eval.store.locks import hold_file


def names(url: str) -> set[str]:
    """Databases of the server."""
    with psycopg.connect(url) as connection:
        return {str(row[0]) for row in connection.execute("SELECT datname FROM pg_database")}


def test_a_dump_is_of_one_moment_and_comes_back_in_its_place(
    postgres_url: str, make_data: Callable[..., Any], make_keeping: Callable[..., Keeping]
) -> None:
    """Rows and hashes of the restored database are those of the snapshot, while others wrote; the old one is aside."""
    data, keeping = make_data(postgres_url), make_keeping(postgres_url, copy=True)
    data.write(0, 10)
    writer = threading.Thread(target=data.write, args=(10, 60))
    writer.start()
    kept = take.back_up(keeping)
    writer.join()
    assert kept.manifest.kind == "dump"
    assert "all is as it must be" in try_restore(keeping, "latest")
    data.delete()
    user = psycopg.connect(postgres_url)  # whoever has it open is sent away
    done = restore(keeping, Wish("latest", swap=True))
    with pytest.raises(psycopg.OperationalError):
        user.execute("SELECT 1")
    user.close()
    assert tuple(sums_at(postgres_url)) == kept.manifest.tables
    assert data.count() >= 10
    assert done.aside in names(postgres_url)
    again = restore(keeping, Wish("latest"))
    assert again.aside == ""
    assert restore(keeping, Wish("latest")).place == again.place  # what a restore made is made anew
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"COMMENT ON DATABASE {again.place} IS 'mine'")
        with pytest.raises(Conflict, match="no restore made it"):
            restore(keeping, Wish("latest"))
        for name in (done.aside, again.place):
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_extensions_come_back_to_an_owner_who_may_not_make_them(
    postgres_url: str, make_data: Callable[..., Any], make_keeping: Callable[..., Keeping]
) -> None:
    """A stack's database belongs to an account that is no superuser, and has extensions that only such a one makes."""
    keeping = make_keeping(postgres_url)
    make_data(postgres_url).write(0, 5)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        name = str(make_url(postgres_url).database)
        connection.execute("CREATE EXTENSION amcheck")
        connection.execute("CREATE ROLE plain")
        connection.execute(f'ALTER DATABASE "{name}" OWNER TO plain')
        take.back_up(keeping)
        done = restore(keeping, Wish("latest"))
        beside = make_url(postgres_url).set(database=done.place).render_as_string(hide_password=False)
        with psycopg.connect(beside) as restored:
            assert restored.execute("SELECT extname FROM pg_extension WHERE extname = 'amcheck'").fetchone()
            assert restored.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'jobs'").fetchone() == (
                "plain",
            )
        connection.execute(f"DROP DATABASE {done.place} WITH (FORCE)")
        connection.execute(f'ALTER DATABASE "{name}" OWNER TO CURRENT_USER')
        connection.execute("DROP ROLE plain")


def test_any_moment_since_a_base_backup_can_be_restored(
    archiving: Any, make_data: Callable[..., Any], make_keeping: Callable[..., Keeping]
) -> None:
    """Backed up while others write; then a DELETE; brought to just before it, rows and hashes are what they were."""
    data = make_data(archiving.url)
    keeping = make_keeping(archiving.url, spool=archiving.spool, copy=True)
    keeping = replace(keeping, clock=lambda: archiving.now().timestamp())
    writer = threading.Thread(target=data.write, args=(0, 40))
    writer.start()
    kept = take.back_up(keeping)
    writer.join()
    data.write(40, 60)
    before, moment = sums_at(archiving.url), archiving.now()
    data.delete()
    done = restore(keeping, Wish("latest", to=moment, swap=True))
    assert done.source == kept.manifest.name
    assert data.count() == 60
    assert sums_at(archiving.url) == before
    assert data.count(archiving.server.url(done.aside)) == 0
    later = take.back_up(keeping)
    assert plan(keeping, Wish("latest", to=moment))[0].manifest.name == kept.manifest.name
    assert plan(keeping, Wish("latest"))[0].manifest.name == later.manifest.name
    assert "all is as it must be" in try_restore(keeping, "latest")
    with pytest.raises(UsageError, match="later than anything in the log"):
        restore(keeping, Wish("latest", to=archiving.now() + timedelta(days=1)))
    with pytest.raises(UsageError, match="name an earlier backup"):
        restore(keeping, Wish("latest", to=moment - timedelta(days=1)))


def test_the_log_is_kept_sealed_in_both_places_and_watched_over(
    archiving: Any, make_data: Callable[..., Any], make_keeping: Callable[..., Keeping]
) -> None:
    """A changed segment is read from its copy; changed there too, or missing between others, it is refused."""
    data = make_data(archiving.url)
    keeping = make_keeping(archiving.url, spool=archiving.spool, copy=True)
    kept = take.back_up(keeping)
    for number in range(3):
        data.write(number, number + 1)
        flush_log(keeping, say=pytest.fail)
    found = wal.segments(keeping.folder)
    assert not [one for one in archiving.spool.iterdir() if one.name in found]
    middle = found[-2]
    for number, folder in enumerate(keeping.folders):
        path = folder / wal.FOLDER / f"{middle}.sealed"
        body = bytearray(path.read_bytes())
        body[-1] ^= 1
        path.write_bytes(body)
        if number == 0:
            assert "all is as it must be" in try_restore(keeping, kept.manifest.name)
    with pytest.raises(VerificationMismatch, match="was changed"):
        try_restore(keeping, kept.manifest.name)
    for folder in keeping.folders:
        (folder / wal.FOLDER / f"{middle}.sealed").unlink()
    with pytest.raises(VerificationMismatch, match="gap before segment"):
        try_restore(keeping, kept.manifest.name)
    assert read_state(keeping.folder).restore_test_ok is False
    newest = take.back_up(replace(keeping, keep=1))
    assert wal.segments(keeping.folder)[0] >= newest.manifest.wal_start


def test_a_dump_stands_in_no_base_backups_place(
    archiving: Any, make_data: Callable[..., Any], make_keeping: Callable[..., Keeping]
) -> None:
    """One that somebody makes by hand is not the day's backup of the schedule, and throws no base away."""
    make_data(archiving.url).write(0, 5)
    keeping = make_keeping(archiving.url, spool=archiving.spool)
    take.back_up(keeping, kind="dump")
    rounds = Rounds(keeping, interval=1000.0, test=False, further=lambda _: [], say=list[str]().append)
    rounds.once()
    kinds = {name: read_manifest(keeping.folder / name, keeping.keys).kind for name in shelf.names(keeping.folder)}
    assert sorted(kinds.values()) == ["base", "dump"]
    (base,) = [name for name, kind in kinds.items() if kind == "base"]
    few = replace(keeping, keep=1)
    dumps = [take.back_up(few, kind="dump").manifest.name for _ in range(2)]
    assert shelf.names(keeping.folder) == [base, dumps[-1]]
    rounds.once()
    assert shelf.names(keeping.folder) == [base, dumps[-1]]


def test_a_base_backup_becomes_a_data_folder(
    archiving: Any, make_data: Callable[..., Any], make_keeping: Callable[..., Keeping]
) -> None:
    """For a server whose disk is lost: a folder from which another one starts, with the log to its end."""
    data = make_data(archiving.url)
    keeping = make_keeping(archiving.url, spool=archiving.spool)
    take.back_up(keeping)
    data.write(0, 5)
    flush_log(keeping, say=pytest.fail)
    archiving.server.stop()
    place = archiving.spool / "new"
    done = restore(keeping, Wish("latest", beside=str(place)))
    assert done.place == str(place)
    with scratch() as room, serving(place, room, user="postgres", settings={}) as server:
        assert data.count(server.url("causal_eval_bench")) == 5
    with pytest.raises(Conflict, match="which is there"):
        restore(keeping, Wish("latest", beside=str(place)))
    archiving.server.start()


def test_a_segment_is_found_while_another_seals_it(make_keeping: Callable[..., Keeping], tmp_path: Path) -> None:
    """One process seals at a time; what it takes out of the spool meanwhile is kept by then, and handed out once."""
    spool, name = tmp_path / "spool", "0" * 23 + "7"
    keeping = make_keeping("postgresql://nowhere/x", spool=spool)
    spool.mkdir()
    (spool / name).write_bytes(b"changes")
    place = keeping.folder / wal.FOLDER
    place.mkdir(parents=True)
    with hold_file(str(place / ".lock"), "held"):
        assert wal.sweep(keeping) == 0
    log = wal.Log(keeping.folders, spool, keeping.keys)
    assert log.fetch(name, tmp_path / "first")
    assert wal.sweep(keeping) == 1
    assert log.fetch(name, tmp_path / "second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes() == b"changes"
    assert not log.fetch(name[:-1] + "8", tmp_path / "third")
    assert log.given == [name, name]


def test_a_log_of_another_server_is_neither_written_over_nor_replayed(
    make_keeping: Callable[..., Keeping], tmp_path: Path
) -> None:
    """A server that is made anew begins its log with the names of the lost one's, whose copy is all that is left."""
    spool, name = tmp_path / "spool", "0" * 23 + "7"
    keeping = make_keeping("postgresql://nowhere/x", spool=spool, copy=True)
    spool.mkdir()
    (spool / name).write_bytes(b"changes")
    assert wal.sweep(keeping) == 1
    (spool / name).write_bytes(b"changes")  # handed on once more, as after a crash
    assert wal.sweep(keeping) == 1
    (spool / name).write_bytes(b"of another server")
    with pytest.raises(Conflict, match="another server"):
        wal.sweep(keeping)
    assert keeping.copy is not None
    lost = replace(keeping, folder=tmp_path / "new")
    with pytest.raises(Conflict, match="another server"):
        wal.sweep(lost)
    manifest = Manifest("20261128T000000Z-base", "base", 1.0, 1.0, "", "", "", "", "", (), (), exact=False)
    (keeping.copy / manifest.name).mkdir()
    write_manifest(keeping.copy / manifest.name, manifest, key=keeping.keys[0])
    log = log_of(Kept(keeping.copy / manifest.name, manifest), lost)
    assert (log.folders, log.spool) == ((keeping.copy,), None)
    log = log_of(Kept(keeping.copy / manifest.name, manifest), replace(keeping, folder=keeping.copy, copy=None))
    assert (log.folders, log.spool) == ((keeping.copy,), spool)
    assert log.fetch(name, tmp_path / "found")
    assert (tmp_path / "found").read_bytes() == b"changes"


def test_two_restores_to_one_place_do_not_mix(
    postgres_url: str, make_data: Callable[..., Any], make_keeping: Callable[..., Keeping]
) -> None:
    """The second is refused; a name that is long for the server still ends as it must."""
    make_data(postgres_url)
    keeping = make_keeping(postgres_url)
    take.back_up(keeping)
    beside = make_url(postgres_url).set(database=f"{keeping.database}_restored").render_as_string(hide_password=False)
    with target.alone(beside), pytest.raises(Conflict, match="another process restores"):
        restore(keeping, Wish("latest"))
    assert target.named("x" * 63, "_restored") == "x" * 54 + "_restored"
    assert target.named("é" * 31, "_restored") == "é" * 27 + "_restored"


def test_without_a_log_a_base_backup_says_what_to_set(
    own_postgres: Any, make_keeping: Callable[..., Keeping], tmp_path: Path
) -> None:
    """A spool that nobody fills would make the backup a promise that is not kept."""
    keeping = make_keeping(own_postgres.url(), spool=tmp_path / "spool")
    with pytest.raises(UsageError, match="archive_mode is off: set archive_mode = on"):
        take.back_up(keeping)


def test_a_password_is_in_no_argument_and_no_message(make_keeping: Callable[..., Keeping], postgres_url: str) -> None:
    """Who lists processes or reads the log learns nothing."""
    url = make_url(postgres_url).set(password="sk-planted").render_as_string(hide_password=False)
    keeping = make_keeping(url)
    with pytest.raises(StoreError) as error:
        take.back_up(keeping)
    assert "sk-planted" not in f"{error.value} {keeping!r}"
    with pytest.raises(StoreError, match="pg_dump failed: "):
        list(take._output(("pg_dump", "--no-such"), {"PATH": str(programs())}))
