"""Without the extra ``[service]`` there is a command line: whatever it loads by itself is part of the core."""

from __future__ import annotations

import subprocess
import sys

import pytest

EXTRA = (
    "argon2 authlib cryptography dbos fastapi limits multipart prometheus_client psycopg pwdlib redis starlette uvicorn"
)
"""What the extra brings, by import."""
PROGRAM = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}.split():
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Missing())
import {module}
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "module",
    [
        "causal_eval.cli.commands",
        "causal_eval.cli.suites",
        "causal_eval.service.comparing",
        "causal_eval.service.following",
        "causal_eval.service.reporting",
    ],
)
def test_what_the_command_line_loads_needs_no_extra(module: str) -> None:
    """Nothing of the service's libraries is imported on the way."""
    program = PROGRAM.format(names=EXTRA, module=module)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr.splitlines()[-1]
