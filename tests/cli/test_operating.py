"""The service does not start without what its extra brings: one line names what lacks, and who lacks it."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

from causal_eval.cli import main, operating

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
NAME = re.compile(r"[A-Za-z0-9_-]+")


def test_everything_that_the_extra_declares_is_looked_for() -> None:
    """Each package of `service` in pyproject.toml, and what `redis` needs of a Python before 3.11.3."""
    declared = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]["service"]
    imported = sorted(match.group().replace("-", "_") for one in declared if (match := NAME.match(one)))
    imported = sorted({"pyyaml": "yaml"}.get(name, name) for name in imported)  # by which name it is imported
    assert sorted(operating.needed((3, 11, 3))) == imported
    assert sorted(operating.needed((3, 11, 2))) == sorted([*imported, "async_timeout"])


@pytest.mark.parametrize("command", ["app", "worker", "serve", "migrate", "health"])
def test_a_package_that_is_missing_is_one_clear_line(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the package, what to type and for which Python."""
    monkeypatch.setitem(sys.modules, "redis", None)  # as where nobody has installed it
    assert main.run([command]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "the service is an extra, and lacks redis: pip install 'causal-eval-bench[service]'" in said
    assert sys.executable in said
