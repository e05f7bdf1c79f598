"""The words of the status page (``texts.toml``), and foreign text made harmless to every format."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from causal_eval.incidents import lengths

LONGEST = 4_000
_DAY = 86_400
OTHER = "other"
_HARMFUL = re.compile(
    "[^\t\n -~\u00a0-\u2029\u202f-\u2065\u206a-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U000fffff]"
)
"""What XML cannot hold, what terminals obey, and what turns the direction in which text is read."""


@dataclass(frozen=True, slots=True)
class Named:
    """A component as people know it."""

    id: str
    name: str
    about: str


@dataclass(frozen=True, slots=True)
class Words:
    """Every word of ours that the page says."""

    components: tuple[Named, ...]
    """In the order in which they are shown."""
    text: Mapping[str, str]

    def __call__(self, key: str, values: Mapping[str, object] = MappingProxyType({})) -> str:
        """The text with that key, *values* in their places."""
        return self.text[key].format_map(values)


@functools.cache
def words() -> Words:
    """Those of ``texts.toml``."""
    read = tomllib.loads((Path(__file__).parent / "texts.toml").read_text("utf-8"))
    components = tuple(Named(one["id"], one["name"], one["about"]) for one in read["component"])
    return Words(components, {f"{part}.{name}": text for part, of in read["text"].items() for name, text in of.items()})


@functools.cache
def _by_id() -> Mapping[str, Named]:
    return {one.id: one for one in words().components}


def named(component: str) -> Named:
    """The component as people know it; which of several it is, is nothing for them: it may be a machine's name."""
    return _by_id().get(component.partition(":")[0], _by_id()[OTHER])


def harmless(text: str) -> str:
    """*text* with every character that HTML, XML, JSON, a terminal or a reader could take amiss made visible."""
    cut = text.strip()[:LONGEST].replace("\r\n", "\n")
    return _HARMFUL.sub("\ufffd", cut)


def moment(at: float) -> str:
    """When it was, for machines, to the second."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def told(at: float) -> str:
    """When it was, for people, to the minute."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%d %H:%M UTC")


def lasted(seconds: float) -> str:
    """How long it took: ``3 h 20 min``."""
    whole = 60 * max(1, round(seconds / 60))
    return lengths.lasted(whole, "d", "h") if whole >= _DAY else lengths.lasted(whole, "h", "min")


def percent(share: float | None) -> str:
    """A share in per cent, cut and never rounded up: 100 % is said where nothing failed."""
    if share is None:
        return words()("page.no_data")
    hundredths = int(share * 10_000 + 1e-7)
    return f"{hundredths // 100}.{hundredths % 100:02} %" if share < 1 else "100 %"
