"""``causal-eval sentinel`` refuses what it cannot listen as, before it listens."""

from __future__ import annotations

from pathlib import Path

import pytest

from causal_eval.cli.main import run


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--proxy", "nginx"), "--proxy 'nginx' is no network"),
        (("--proxy", "10.0.0.1/8"), "--proxy '10.0.0.1/8' is no network"),
        (("--host", "0.0.0.0"), "set CEB_SENTINEL_TOKEN_FILE first"),
    ],
)
def test_where_it_cannot_listen(
    words: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The option, its value and what to write instead."""
    monkeypatch.setenv("CEB_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("CEB_SENTINEL_TOKEN_FILE", raising=False)
    assert run(["sentinel", "--port", "0", *words]) == 2
    assert message in capsys.readouterr().err
