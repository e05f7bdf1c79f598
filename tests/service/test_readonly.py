"""The service only reads while a disk is full or an operator says so, and no longer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from causal_eval.errors import ReadOnlyMode
from causal_eval.service import switches
from causal_eval.service.access import Caller, Role
from causal_eval.service.readonly import READ_ONLY, WATCHER, check_writable, note_disk
from causal_eval.service.wiring import Service, Visit


def test_a_full_disk_holds_it_for_as_long_as_it_is_full(service: Service, caller: Callable[..., Caller]) -> None:
    """The reason is told; it has an end, so that nobody has to take it back when no worker is left to look."""
    operator = Visit(service, caller(Role.OPERATOR))
    check_writable(service)
    assert not note_disk(service, "")
    assert note_disk(service, "/data has 1.0% free")
    assert not note_disk(service, "/data has 0.9% free")
    with pytest.raises(ReadOnlyMode, match=r"/data has 0.9% free"):
        check_writable(service)
    (held,) = switches.listed(operator)
    assert held.until is not None
    assert held.set_by == WATCHER
    assert held.until - held.set_at == pytest.approx(30)
    assert note_disk(service, "")
    check_writable(service)


def test_what_an_operator_has_set_stays(service: Service, caller: Callable[..., Caller]) -> None:
    """Neither a full disk nor an empty one changes it."""
    operator = Visit(service, caller(Role.OPERATOR))
    switches.change(operator, READ_ONLY, value="true", reason="a move")
    for reason in ("/data has 1.0% free", ""):
        assert not note_disk(service, reason)
        with pytest.raises(ReadOnlyMode, match="a move"):
            check_writable(service)
