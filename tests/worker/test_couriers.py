"""Letters are put down and sent by one worker, and by none while the service only reads."""

from __future__ import annotations

import pytest

from causal_eval.performing import courier
from causal_eval.service.readonly import note_disk
from causal_eval.service.wiring import Service
from causal_eval.store import workers
from causal_eval.store.workers import Worker
from causal_eval.worker.couriers import Couriers
from causal_eval.worker.pulse import Pulse


@pytest.fixture
def couriers(service: Service) -> Couriers:
    """Those of a worker."""
    pulse = Pulse(service.store, Worker("w-1", "host", 1, "1", 0.0), stop=lambda: False, in_hand=list)
    return Couriers(service, pulse)


def test_nothing_is_sent_while_the_service_only_reads(
    service: Service, couriers: Couriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A letter whose end could not be written would be sent again: none goes out, and none is lost by it."""
    monkeypatch.setattr(courier, "is_needed", lambda given: given is service)
    note_disk(service, "/data has 1% free")
    assert not couriers._prepare()
    with service.store.writing() as connection:
        assert workers.take_lease(connection, "deliver", owner="another", seconds=0.0)
    note_disk(service, "")
    assert couriers._prepare()
