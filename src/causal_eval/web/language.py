"""Languages of the pages: every text by its key, and which language a browser is answered in."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

from starlette.requests import Request

LANGUAGES = MappingProxyType({"en": "English", "de": "Deutsch"})
"""Code -> what a language calls itself."""
USUAL = "en"
COOKIE = "ceb_language"


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts of one language."""

    code: str
    texts: Mapping[str, str]

    def __call__(self, key: str, *values: object) -> str:
        """The text with that key, *values* in the places that it has for them.

        Raises:
            KeyError: there is none.
        """
        return self.texts[key].format(*values)

    def of(self, group: str, name: object) -> str:
        """The text of *name* in *group*; the name itself where the group does not know it."""
        return self.texts.get(f"{group}.{name}", str(name))


@functools.cache
def texts(code: str) -> Texts:
    """The texts of the language with that code."""
    table = tomllib.loads(resources.files(__package__).joinpath(f"texts/{code}.toml").read_text("utf-8"))
    return Texts(code, MappingProxyType(dict(_flat(table))))


def wanted(request: Request) -> Texts:
    """The texts in the language that was chosen, else in the first that the browser prefers and we have."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return texts(chosen)
    preferred = re.findall(r"[a-z]{2}", request.headers.get("accept-language", "").lower())
    return texts(next((code for code in preferred if code in LANGUAGES), USUAL))


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)
