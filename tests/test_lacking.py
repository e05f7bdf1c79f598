"""What is lacking is a skip where nobody could bring it, and a fault where it was brought."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import lacking


def test_what_setup_could_not_bring_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, and by who would bring it."""
    monkeypatch.setattr(lacking, "DEBIAN", tmp_path / "none")
    with pytest.raises(pytest.skip.Exception, match="no-such-program, which `make setup` takes from Debian"):
        lacking.program("no-such-program")
    with pytest.raises(pytest.skip.Exception, match="a server of no_such_wheel, which `make setup` installs"):
        lacking.served(None, wheel="no_such_wheel")


def test_what_setup_has_brought_and_does_not_serve_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its tests would be skipped for ever, and nobody would see it."""
    monkeypatch.setattr(lacking, "DEBIAN", tmp_path)
    with pytest.raises(pytest.fail.Exception, match="though it was brought: no-such-program"):
        lacking.program("no-such-program")
    with pytest.raises(pytest.fail.Exception, match="though it was brought: a server of pytest"):
        lacking.served(None, wheel="pytest")


def test_what_is_there_is_given() -> None:
    """A program by its path, a server as it is."""
    assert Path(lacking.program("bash")).name == "bash"
    assert lacking.served("it", wheel="no_such_wheel") == "it"
