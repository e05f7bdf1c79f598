"""Every contact is reached: by a page marked TEST, and by what an incident of each kind has to tell him."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.sentinel.mails import mails
from tests.sentinel.running import alert, running, send, until

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]
PEOPLE = ("ann", "bob", "lead")
MAILED = ("stakeholders", "infrastructure", "security", "cloud", "dba", "security-response", "legal")


@contextmanager
def hook() -> Iterator[tuple[str, list[str]]]:
    """The address of a webhook, and what it got."""
    got: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/s3cr3t", got
        finally:
            server.shutdown()


def contacts(folder: Path, *, mail: int, url: str) -> Path:
    """Everybody whom the runbook names, each at an address of his own."""
    people = "\n".join(f"  {one}: {{name: {one.title()}, email: {one}@company.test}}" for one in PEOPLE)
    channels = "\n".join(f"  {one}: {{email: {one}@company.test}}" for one in MAILED)
    roles = "\n".join(f"  {one.replace('-response', '-ir')}: [{one}]" for one in MAILED)
    path = folder / "contacts.yml"
    path.write_text(
        f"people:\n{people}\nchannels:\n  incidents: {{webhook: '{url}'}}\n{channels}\n"
        f"roles:\n  incidents: [incidents]\n  team-lead: [lead]\n{roles}\n"
        "schedule: {starts: 2026-01-05, rotation: [ann, bob]}\n"
        f"mail: {{host: 127.0.0.1, port: {mail}, from: us@company.test, tls: false}}\n",
        "utf-8",
    )
    return path


def typed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What a person types beside that sentinel."""
    env = {"CEB_DATA_DIR": str(folder), "HOME": str(folder), "CEB_CONTACTS": str(folder / "contacts.yml")}
    command = [str(Path(sys.executable).with_name("causal-eval")), *words]
    return subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_every_contact_is_reached(tmp_path: Path) -> None:
    """A test page reaches each person and channel, marked TEST; then an outage and a leak reach whom they concern."""
    with mails() as (port, got), hook() as (url, posted):
        path = contacts(tmp_path, mail=port, url=url)
        with running(tmp_path, CEB_CONTACTS=str(path)) as (_, address):
            done = typed(tmp_path, "oncall", "test", "--wait", "45")
            assert done.returncode == 0, done.stdout + done.stderr
            assert len(done.stdout.splitlines()) == len(PEOPLE) + len(MAILED) + 1
            until(lambda: len(got) == len(PEOPLE) + len(MAILED))
            assert {str(one["To"]) for one in got} == {f"{name}@company.test" for name in (*PEOPLE, *MAILED)}
            assert all(str(one["Subject"]).startswith("TEST") for one in got)
            assert [text.startswith("TEST.") for text in posted] == [True]
            send(address, alert("CausalEvalAPIDown", component="api", severity="P0"))
            send(address, alert("SecretExposureDetected", component="security", severity="P0"))
            escalated = typed(tmp_path, "incident", "escalate", "INC-1", "nothing helps", "--to", "dba")
            assert escalated.returncode == 0, escalated.stderr
            wanted = {"stakeholders@company.test", "security@company.test", "lead@company.test", "dba@company.test"}
            until(lambda: wanted <= {str(one["To"]) for one in got if "TEST" not in str(one["Subject"])})
            shown = json.loads(typed(tmp_path, "incident", "show", "INC-2", "--json").stdout)
            assert "legal" in shown["tasks"]["security-1"]
            (tmp_path / "customers.txt").write_text("x@one.test\ny@two.test\nx@one.test\n", "utf-8")
            told = typed(tmp_path, "incident", "customers", "INC-1", "Ask again.", "--to", "customers.txt")
            assert "2 letters are on their way" in told.stdout, told.stderr
            until(lambda: {"x@one.test", "y@two.test"} <= {str(one["To"]) for one in got})
