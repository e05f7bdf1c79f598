"""`causal-eval up --login`, as this account and as one that is not root: the first admin's day, on pages."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests import servers, stacks
from tests.serving import wait_until
from tests.stacks import COMMAND, Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
NOBODY = 65534
PATIENCE = 120.0
CSRF = re.compile(r'name="csrf" value="([^"]+)"')
"""What every form of a page carries."""


@pytest.fixture(params=["ours", "nobody"])
def account(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What has a process run as this account, or as one without any rights."""
    if request.param == "ours":
        return {}
    if os.geteuid() != 0:
        pytest.skip("only root may start a process as another account; `ours` is no root here")
    account: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    tried = subprocess.run(["/bin/sh", "-c", f"{COMMAND} --version"], capture_output=True, check=False, **account)
    if tried.returncode:
        pytest.skip("the account 65534 may not run the Python of this environment (it lies where only root may look)")
    return account


@pytest.fixture
def stack(account: dict[str, Any]) -> Iterator[Stack]:
    """A small stack of *account* that wants a login; whatever happens, nothing of it is left."""
    stacks.check_installed()
    folder = servers.new_folder()
    if account:
        os.chown(folder, NOBODY, NOBODY)
    made = Stack(folder / "stack", stacks.environment(folder / "stack"), account)
    try:
        yield made
    finally:
        if (made.folder / "stack.json").exists():
            made.run("down")
        servers.stop_all(folder)


def test_the_first_admin_logs_in_and_evaluates_a_baseline(stack: Stack) -> None:
    """Nobody gets in without; the password that was made once does; what is ordered ends; `down` leaves nothing."""
    flags = ("--app", "1", "--worker", "1", "--free-ports", "--no-monitoring", "--no-backups")
    done = stack.run("up", "--login", "--detach", *flags, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    secret = stack.folder / "secrets" / "admin"
    assert f"the first admin: admin@localhost, password in {secret}" in done.stderr
    email, password = secret.read_text().split()

    def sent(path: str, fields: dict[str, str]) -> httpx2.Response:
        csrf = CSRF.search(browser.get(path).text)
        assert csrf, f"no form at {path}"
        return browser.post(path, data={"csrf": csrf[1], **fields})

    with httpx2.Client(base_url=stack.url, follow_redirects=True, timeout=60) as browser:
        assert browser.get("/api/v1/evaluations").status_code == 401
        assert browser.get("/evaluations").url.path == "/login"
        assert sent("/login", {"email": email, "password": f"{password}x"}).status_code == 401
        wait_until(lambda: sent("/login", {"email": email, "password": password}).url.path != "/login", within=30)
        ordered = sent("/evaluations/new", {"answerer": "baseline/oracle", "questions": "suite:quick"})
        at = f"/api/v1{ordered.url.path}"
        wait_until(lambda: browser.get(at).json()["status"] != "open", within=PATIENCE)
        ended = browser.get(at).json()
        assert (ended["status"], ended["progress"]["marks"]["correct"]) == ("done", ended["progress"]["wanted"])
    owner = (stack.folder / "stack.json").stat().st_uid
    assert {Path(f"/proc/{stack.state(name).pid}").stat().st_uid for name in ("app-1", "worker-1", "lb")} == {owner}
    stack.run("down")
    assert stack.left() == []


def test_a_folder_that_may_not_be_made_is_one_clear_line() -> None:
    """It names the folder and the flag; an account whose home is nowhere needs one."""
    done = subprocess.run(
        [COMMAND, "up", "--dir", "/proc/nowhere/stack"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "the stack's folder /proc/nowhere/stack cannot be made" in done.stderr
    assert "give --dir (or CEB_STACK_DIR)" in done.stderr
