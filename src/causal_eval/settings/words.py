"""What may stand in a setting: the readers that turn its text into a value, or raise ValueError."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Place:
    """What a relative path or ``~`` in a value refers to."""

    base: Path
    env: Mapping[str, str]
    is_root: bool = hasattr(os, "geteuid") and os.geteuid() == 0

    def path(self, text: str) -> Path:
        """The absolute path that *text* says."""
        home = self.home()
        if text == "~" or text.startswith(("~/", "~\\")):
            return (home / text[2:]).absolute()
        return (self.base / text).absolute()

    def home(self) -> Path:
        """Whose home it is."""
        return Path(self.env.get("HOME") or self.env.get("USERPROFILE") or self.base)

    def xdg(self, variable: str, fallback: str) -> str:
        """Our folder below the one that *variable* names, else below *fallback* at home."""
        root = self.env.get(variable) or str(self.home() / fallback)
        return str(Path(root) / "causal-eval")


def without_password(text: str) -> str:
    """A URL as it may be printed."""
    return _PASSWORD.sub(r"\1:***@", text)


def read_duration(text: str) -> float:
    """The seconds that ``90s``, ``30m``, ``12h``, ``7D`` or ``2w`` say.

    Raises:
        ValueError: it is none of these, or no time at all.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None or not float(match["number"]):
        raise ValueError(text)
    return float(match["number"]) * _UNITS[match["unit"]]


_NETWORK = re.compile(r"[0-9a-fA-F.:]+/\d{1,3}|[\w.-]+:\d{1,5}|\[[0-9a-fA-F:.]+\]:\d{1,5}")
_NAMES = re.compile(r"[\w./-]+(\s*,\s*[\w./-]+)*")
_DURATION = re.compile(r"(?P<number>\d{1,6}(\.\d{1,3})?)(?P<unit>[smhdw])")
_UNITS = MappingProxyType({"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800})
_PASSWORD = re.compile(r"(?<=://)([^:/@]*):[^@]*@")
_SERVER = re.compile(
    r"(postgres|postgresql|postgresql\+psycopg)://([^/@]+@)?([\w.-]+|\[[0-9A-Fa-f:]+\])(:(?P<port>\d{1,5}))?/[^/?]+(\?.*)?"
)
_MOST_RESERVED = 50.0
_CONNECTIONS = range(2, 1001)
_PORTS = range(1, 65_536)
_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})


def folder(text: str, place: Place) -> Path:
    """A folder, there or not."""
    path = place.path(text)
    if path.exists() and not path.is_dir():
        raise ValueError(text)
    return path


def folders(text: str, place: Place) -> str:
    """Folders by comma, absolute."""
    return ",".join(str(folder(part.strip(), place)) for part in text.split(","))


def share(text: str, _: Place) -> float:
    """``5%`` as 0.05."""
    if not re.fullmatch(r"\d{1,2}(\.\d+)?%", text) or float(text[:-1]) > _MOST_RESERVED:
        raise ValueError(text)
    return float(text[:-1]) / 100


def file(text: str, place: Place) -> Path:
    """A file that is there."""
    path = place.path(text)
    if not path.is_file():
        raise ValueError(text)
    return path


def new_file(text: str, place: Place) -> Path:
    """A file, there or not."""
    path = place.path(text)
    if path.is_dir():
        raise ValueError(text)
    return path


def switch(text: str, _: Place) -> bool:
    """Yes or no."""
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(text)


def calls(text: str, _: Place) -> int:
    """How many calls."""
    number = int(text)
    if not 1 <= number <= MAX_CALLS:
        raise ValueError(text)
    return number


def connections(text: str, _: Place) -> int:
    """How many connections."""
    number = int(text)
    if number not in _CONNECTIONS:
        raise ValueError(text)
    return number


def rate(text: str, _: Place) -> int:
    """How many a minute."""
    number = int(text)
    if not 1 <= number <= MAX_RATE:
        raise ValueError(text)
    return number


def port(text: str, _: Place) -> int:
    """A TCP port; 0: none."""
    number = int(text)
    if number != 0 and number not in _PORTS:
        raise ValueError(text)
    return number


def host(text: str, _: Place) -> str:
    """A name or an address of this machine."""
    if not re.fullmatch(r"[A-Za-z0-9.:_-]{1,255}", text):
        raise ValueError(text)
    return text


def networks(text: str, _: Place) -> str:
    """Networks and ``host:port``, by comma."""
    parts = [part.strip() for part in text.split(",")]
    if not all(_NETWORK.fullmatch(part) for part in parts):
        raise ValueError(text)
    return ",".join(parts)


def issuer(text: str, _: Place) -> str:
    """An https address; http on this machine alone."""
    if not re.fullmatch(r"https://[^\s?#]+|http://(localhost|127\.0\.0\.1)(:\d+)?(/[^\s?#]*)?", text):
        raise ValueError(text)
    return text.rstrip("/")


def receiver(text: str, _: Place) -> str:
    """Where something is sent to; what opens it stands elsewhere."""
    if not re.fullmatch(r"https?://[^\s?#@]+", text):
        raise ValueError(text)
    return text.rstrip("/")


def receivers(text: str, place: Place) -> str:
    """Addresses, by comma."""
    for part in text.split(","):
        receiver(part.strip(), place)
    return text


def probes(text: str, place: Place) -> str:
    """What is asked whether it is well: ``component=address``, by comma."""
    return _addresses(text, place, name=r"[a-z][a-z0-9_]*")


def feeds(text: str, place: Place) -> str:
    """Where providers say how they are: ``provider=address``, by comma."""
    return _addresses(text, place, name=r"[a-z0-9][a-z0-9_.-]{0,39}")


def _addresses(text: str, place: Place, *, name: str) -> str:
    for part in text.split(","):
        called, _, address = part.strip().partition("=")
        if not re.fullmatch(name, called):
            raise ValueError(text)
        receiver(address, place)
    return text


def word(text: str, _: Place) -> str:
    """One line of text."""
    if not text.isprintable():
        raise ValueError(text)
    return text


def log_format(text: str, _: Place) -> str:
    """``text`` or ``json``."""
    return _one_of(text.lower(), ("text", "json"))


def log_level(text: str, _: Place) -> str:
    """The least of the levels that is written."""
    return _one_of(text.upper(), ("DEBUG", "INFO", "WARNING", "ERROR"))


def _one_of(text: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        raise ValueError(text)
    return text


def redis_url(text: str, _: Place) -> str:
    """The address of a Redis server."""
    if not text.startswith(("redis://", "rediss://")):
        raise ValueError(text)
    return text


def names(text: str, _: Place) -> str:
    """Names, by comma."""
    if not _NAMES.fullmatch(text):
        raise ValueError(text)
    return text


def expiry(text: str, _: Place) -> float | None:
    """Seconds; None: never."""
    return None if text.lower() == "never" else read_duration(text)


def database_url(text: str, place: Place) -> str:
    """The URL of a database; of a file, its path is made absolute."""
    scheme, _, rest = text.partition("://")
    if scheme in {"sqlite", "sqlite+aiosqlite"} and len(rest) > 1 and rest.startswith("/"):
        return f"sqlite:///{place.path(rest[1:])}"
    server = _SERVER.fullmatch(text)
    if server is None or int(server["port"] or 1) not in _PORTS:
        raise ValueError(text)
    return f"postgresql://{rest}"


MAX_CALLS = 10_000
MAX_RATE = 1_000_000
