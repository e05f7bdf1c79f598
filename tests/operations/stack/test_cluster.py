"""The stack's PostgreSQL is made once, and whole."""

from __future__ import annotations

import shutil
import stat

import pytest
from tests import servers, stacks

from causal_eval.operations.stack import files
from causal_eval.operations.stack.cluster import make_cluster
from causal_eval.operations.stack.plan import Wanted, changed, new_plan
from causal_eval.operations.stack.programs import find_programs


@pytest.mark.slow
def test_one_that_was_begun_is_made_anew() -> None:
    """What a kill in the middle left is no data folder; the next try begins again, behind a door of its own."""
    stacks.check_installed()
    place = servers.new_folder()
    folder = place / "stack"
    folder.mkdir()
    plan = changed(new_plan(folder, find_programs([stacks.COMMAND]), token="0123456789abcdef"), Wanted(free_ports=True))
    files.lay_out(plan, lambda: "a-password-of-nobody")
    left = folder / "postgres/data.part"
    left.mkdir(parents=True)
    (left / "PG_VERSION").write_text("18\n")
    make_cluster(plan)
    data = folder / "postgres/data"
    assert (data / "global/pg_control").stat().st_size > 0
    assert "stack.conf" in (data / "postgresql.conf").read_text("utf-8")
    assert not left.exists()
    assert not (folder / "postgres/password").exists()
    assert stat.S_IMODE((folder / "postgres").stat().st_mode) == 0o700
    made = (data / "global/pg_control").stat().st_mtime_ns
    make_cluster(plan)
    assert (data / "global/pg_control").stat().st_mtime_ns == made
    shutil.rmtree(place)
