"""How a question's ``twin`` says which setting of a dial it is: ``t-0123456789abcdef/distractors=3``."""

from __future__ import annotations

from typing import NamedTuple


class Setting(NamedTuple):
    """A dial, and where it stands."""

    dial: str
    value: str


def labelled(twin: str, dial: str, *, value: str) -> str:
    """The twin group *twin* in that setting: a group of its own, so that it is scored by itself."""
    return f"{twin}/{dial}={value}"


def setting_of(twin: str | None) -> Setting | None:
    """The setting that a question's twin group names; None where it names none."""
    _, slash, said = (twin or "").partition("/")
    dial, equals, value = said.partition("=")
    return Setting(dial, value) if slash and equals else None
