"""Files of others are what their makers published."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from causal_eval import web

STATIC = Path(web.__file__).parent / "static"


def test_vendored_files_have_their_hashes() -> None:
    """Each file of the table has the hash that the table gives."""
    rows = re.findall(r"^\| `([\w.]+)`.*`([0-9a-f]{64})` \|$", (STATIC / "VENDORED.md").read_text(), re.MULTILINE)
    assert rows
    for name, digest in rows:
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest, name
