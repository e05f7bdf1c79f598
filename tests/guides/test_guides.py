"""The code of the guides runs as it stands there: in a notebook, against a live service and its worker."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature

from causal_eval.client import Client, SetOrder, run_sync
from causal_eval.client.board import ReportedEntry

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "guides"
COMMAND = str(Path(sys.executable).with_name("causal-eval"))
ADDRESS = "http://127.0.0.1:8000"
SUITE = SetOrder(suite="quick", seed="s")

pytestmark = pytest.mark.slow


def cells(guide: str) -> list[str]:
    """Its Python, block by block."""
    return re.findall(r"^```python\n(.*?)^```", (GUIDES / guide).read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


async def run_cells(guide: str, *, address: str = ADDRESS) -> dict[str, Any]:
    """Run it as a notebook does, with *address* for the guide's; what it has defined."""
    names: dict[str, Any] = {}
    found = cells(guide)
    assert found
    for cell in found:
        code = compile(cell.replace(ADDRESS, address), guide, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        if inspect.iscoroutine(ran := eval(code, names)):
            await ran
    return names


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A service for whoever uses this machine, and the notebook's own folder."""
    (tmp_path / "notebook").mkdir()
    monkeypatch.chdir(tmp_path / "notebook")
    env = {**os.environ, "CEB_DATA_DIR": str(tmp_path), "HOME": str(tmp_path), "NO_COLOR": "1"}
    command = [COMMAND, "serve", "--no-login", "--port", "0"]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found, process.communicate(timeout=10)
        yield found[0]
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_the_walk_through_the_client(address: str) -> None:
    """From a question set to a report on the disk."""
    names = run_sync(run_cells("python-client.md", address=address))
    assert (names["evaluation"].status, names["overall"].score) == ("done", 1.0)
    assert names["evaluation"].id in Path("report.html").read_text("utf-8")


def test_both_tiers_of_the_leaderboard(address: str) -> None:
    """A verified submission that was published leads its board; a report by hand stands beside it."""
    names = run_sync(run_cells("leaderboard.md", address=address))
    assert names["ranks"] == [(1, "baseline/oracle", 1.0)]
    assert names["submission"].seed
    assert names["reported"].tier == "self_reported"


def test_a_signature_is_checked_offline(address: str) -> None:
    """Against a submission and a key that were saved; one digit of the text that is changed does not pass."""

    async def save() -> dict[str, Any]:
        async with Client(address) as client:
            questions = [one async for one in client.list_questions((await client.create_question_set(SUITE)).digest)]
            answers = {one.id: "ANSWER: yes" for one in questions}
            entry = ReportedEntry(answerer="a/b", suite="quick", seed="s", answers=answers)
            made = await client.create_reported_submission(entry)
            return {"submission": made, "key": await client.get_signing_key()}

    for name, saved in run_sync(save()).items():
        Path(f"{name}.json").write_bytes(msgspec.json.encode(saved))
    assert run_sync(run_cells("check-a-signature.md"))["told"]["answerer"] == "reported/a/b"
    forged = json.loads(Path("submission.json").read_text("utf-8"))
    Path("submission.json").write_text(json.dumps({**forged, "signed": forged["signed"].replace('"quick"', '"huge"')}))
    with pytest.raises(InvalidSignature):
        run_sync(run_cells("check-a-signature.md"))
