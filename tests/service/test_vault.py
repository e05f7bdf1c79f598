"""Provider keys: sealed so that only the service opens them, for one origin of one project, and never shown again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from causal_eval.errors import UnknownName, UsageError, VerificationMismatch
from causal_eval.service import accounts, audit, projects, vault
from causal_eval.service.vault import NewCredential, make_master, origin_of, reveal_for_call, rotate
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.account_tables import credentials

SECRET = "sk-live-0123456789abcdef"
ORIGIN = "https://api.example.org:443"


@pytest.fixture
def master(tmp_path: Path) -> Path:
    """A master key file."""
    path = tmp_path / "keys" / "master"
    make_master(path)
    return path


@pytest.fixture
def admin(service: Service, master: Path) -> Visit:
    """Somebody who may everything, where there is a master key."""
    sealing = replace(service, settings=replace(service.settings, master_key_file=master))
    return Visit(sealing, accounts.local_caller("127.0.0.1"))


def _keep(admin: Visit, project: str = "local", origin: str = ORIGIN) -> str:
    return vault.keep(admin, project, brought=NewCredential("openai", origin, SECRET)).id


def _reveal(admin: Visit, project: str = "local", origin: str = ORIGIN) -> list[str]:
    return reveal_for_call(admin.service, project, provider="openai", origin=origin)


def test_a_key_comes_back_for_its_origin_and_project_alone(admin: Visit) -> None:
    """Another origin needs the key again, another project has none, a revoked one is gone."""
    projects.add(admin, "other", name="Other")
    kept = _keep(admin)
    assert _reveal(admin, origin="https://API.example.org/v1/chat") == [SECRET]
    for origin in ("http://api.example.org", "https://api.example.org:8443", "https://api.example.org.evil.test"):
        with pytest.raises(UsageError, match="store it again for that origin"):
            _reveal(admin, origin=origin)
    with pytest.raises(UnknownName):
        _reveal(admin, "other")
    with pytest.raises(UnknownName):
        vault.revoke(admin, "other", credential=kept)
    vault.revoke(admin, "local", credential=kept)
    with pytest.raises(UnknownName):
        _reveal(admin)


def test_a_key_is_never_shown(admin: Visit, master: Path) -> None:
    """Not in the database, in a listing, a repr or the log; neither is the master key."""
    brought = NewCredential("openai", ORIGIN, SECRET)
    line = vault.keep(admin, "local", brought=brought)
    with admin.service.store.reading() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]  # sqlite3's own
    shown = repr((brought, line, vault.listed(admin, "local"), audit.listed(admin), vault.read_masters(master)))
    for text in (dump, shown):
        assert SECRET not in text
        assert SECRET.encode().hex() not in text.lower()
        assert master.read_text().strip() not in text
    assert line.shown.endswith(SECRET[-4:])


@pytest.mark.parametrize("column", ["sealed", "wrapped", "origin", "provider"])
def test_a_row_that_was_changed_is_not_opened(admin: Visit, column: str) -> None:
    """Sealed bytes and what they are bound to belong together."""
    kept = _keep(admin)
    with admin.service.store.writing() as connection:
        value = connection.scalars(select(credentials.c[column])).one()
        changed = value[:-1] + bytes([value[-1] ^ 1]) if isinstance(value, bytes) else f"{value}1"
        connection.execute(update(credentials).values(**{column: changed}))
    with pytest.raises(VerificationMismatch, match=kept):
        reveal_for_call(
            admin.service,
            "local",
            provider="openai1" if column == "provider" else "openai",
            origin=f"{ORIGIN}1" if column == "origin" else ORIGIN,
        )


def test_a_sealed_secret_cannot_be_moved_to_another_row(admin: Visit) -> None:
    """Who can write the database cannot point a key at an origin of his own."""
    _keep(admin)
    other = _keep(admin, origin="https://evil.test")
    with admin.service.store.writing() as connection:
        row = connection.execute(select(credentials.c.sealed, credentials.c.wrapped).where(credentials.c.id != other))
        sealed, wrapped = row.one()
        change = update(credentials).where(credentials.c.id == other).values(sealed=sealed, wrapped=wrapped)
        connection.execute(change)
    with pytest.raises(VerificationMismatch):
        _reveal(admin, origin="https://evil.test")


def test_two_seals_of_one_key_differ(admin: Visit) -> None:
    """Whoever reads the database does not learn which keys are the same."""
    _keep(admin)
    _keep(admin)
    with admin.service.store.reading() as connection:
        sealed = connection.scalars(select(credentials.c.sealed)).all()
    assert sealed[0][12:] != sealed[1][12:]


def test_rotation_wraps_every_row_anew(admin: Visit, master: Path, tmp_path: Path) -> None:
    """Afterwards the new file alone opens them, and the old one none."""
    _keep(admin)
    gone = _keep(admin)
    vault.revoke(admin, "local", credential=gone)
    new = tmp_path / "new"
    name = make_master(new)
    assert rotate(admin.service, new) == 1
    assert rotate(admin.service, new) == 0
    with pytest.raises(UsageError, match=f"no master key {name}"):
        _reveal(admin)
    settings = replace(admin.service.settings, master_key_file=new)
    master.unlink()
    assert _reveal(Visit(replace(admin.service, settings=settings), admin.caller)) == [SECRET]


def test_a_rotation_that_cannot_end_changes_nothing(admin: Visit, tmp_path: Path) -> None:
    """A row under a third key stops it whole."""
    first, second = _keep(admin), _keep(admin)
    with admin.service.store.writing() as connection:
        connection.execute(update(credentials).where(credentials.c.id == second).values(master="unknown"))
    new = tmp_path / "new"
    make_master(new)
    with pytest.raises(UsageError, match="no master key unknown"):
        rotate(admin.service, new)
    with admin.service.store.reading() as connection:
        kept = connection.scalars(select(credentials.c.master).where(credentials.c.id == first)).one()
    assert kept == vault.read_masters(admin.service.settings.master_key_file)[0].id


def test_a_master_key_is_its_owners_alone(master: Path) -> None:
    """It is made readable for nobody else, refused where it is, and never written over."""
    assert master.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="is there"):
        make_master(master)
    for mode in (0o640, 0o604, 0o660):
        master.chmod(mode)
        with pytest.raises(UsageError, match="chmod 600"):
            vault.read_masters(master)


@pytest.mark.parametrize("content", ["", "short", "!!!", "A" * 44, "ä"], ids=["none", "short", "junk", "33", "umlaut"])
def test_a_file_that_is_no_master_key_is_refused(tmp_path: Path, content: str) -> None:
    """The message names the setting and the file."""
    path = tmp_path / "m"
    path.write_text(content, "utf-8")
    path.chmod(0o600)
    with pytest.raises(UsageError, match="CEB_MASTER_KEY_FILE is"):
        vault.read_masters(path)


def test_without_a_master_key_nothing_is_kept(service: Service) -> None:
    """The message names the setting."""
    with pytest.raises(UsageError, match="CEB_MASTER_KEY_FILE is not set"):
        _keep(Visit(service, accounts.local_caller("")))


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com:443"),
        ("HTTP://Host.:80", "http://host:80"),
        ("http://[::1]:8080/x?y", "http://[::1]:8080"),
    ],
)
def test_origins_are_compared_in_one_form(address: str, origin: str) -> None:
    """Case, usual ports and what follows do not count."""
    assert origin_of(address) == origin


@pytest.mark.parametrize(
    "address",
    ["", "api.openai.com", "ftp://x", "https://", "https://u:p@x", "https://x:99999", "https://[::1", "file:///x"],
)
def test_what_is_no_origin_is_refused(address: str) -> None:
    """Neither user nor another scheme is taken."""
    with pytest.raises(UsageError, match="origin is no address"):
        origin_of(address)
