"""The service of the tests some rooms below."""

from __future__ import annotations

from tests.service.conftest import caller, clock, engine, question_set, service, visit, wanted

__all__ = ["caller", "clock", "engine", "question_set", "service", "visit", "wanted"]
