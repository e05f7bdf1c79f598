"""Finding given names in text: case, spacing, quotes and markup do not matter; the longest name wins."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from causal_eval.scoring.clean import fold

_OPTIONAL = re.compile(r"^(?:(?:the|an?) (?=\S))?(?:(?:variable|node|factor|quantity) (?=\S))?")
_GAP = re.compile(r"(?:\\?[ _-])+")


@functools.lru_cache(maxsize=4096)
def plainly(names: tuple[str, ...]) -> Mapping[str, str]:
    """Lower-case name with single spaces -> name; what the strict reading looks up."""
    return {squeeze(name): name for name in names}


def squeeze(text: str) -> str:
    """Lower case, single spaces, nothing else changed."""
    return " ".join(text.casefold().split())


@functools.lru_cache(maxsize=4096)
def by_fold(names: tuple[str, ...]) -> Mapping[str, str]:
    """Folded name -> name."""
    return {fold(name): name for name in names}


@functools.lru_cache(maxsize=1024)
def forms(names: tuple[str, ...]) -> Mapping[str, str]:
    """Folded name -> name, with or without its article or the word "variable" before it."""
    full = by_fold(names)
    short: dict[str, set[str]] = {}
    for folded, name in full.items():
        short.setdefault(_OPTIONAL.sub("", folded), set()).add(name)
    return {form: min(meant) for form, meant in short.items() if len(meant) == 1} | dict(full)


@functools.lru_cache(maxsize=4096)
def expression(names: tuple[str, ...]) -> str:
    """A pattern without groups that matches any of *names* in folded text, the longest first.

    Names count in all their :func:`forms`. Spaces, hyphens and underscores inside a name stand for each other unless
    two names differ only by them.
    """
    folded = sorted(forms(names), key=lambda name: (-len(name), name))
    apart = len({_GAP.sub(" ", name) for name in folded}) == len(folded)
    return "(?:" + "|".join(_one(name, apart=apart) for name in folded if name) + ")" if any(folded) else "(?!)"


@functools.lru_cache(maxsize=1024)
def pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """:func:`expression`, compiled."""
    return re.compile(expression(names))


def named(text: str, names: tuple[str, ...]) -> str:
    """The name that *text*, a match of :func:`expression`, stands for."""
    table = forms(names)
    if text in table:
        return table[text]
    return _loosely(names)[_GAP.sub(" ", text)]


@functools.lru_cache(maxsize=1024)
def words(names: tuple[str, ...]) -> frozenset[str]:
    """Every word of every name, folded."""
    return frozenset(word for name in by_fold(names) for word in re.findall(r"\w+", name))


@functools.lru_cache(maxsize=1024)
def _loosely(names: tuple[str, ...]) -> Mapping[str, str]:
    return {_GAP.sub(" ", folded): name for folded, name in forms(names).items()}


def _one(name: str, *, apart: bool) -> str:
    body = re.escape(name)
    if apart:
        body = _GAP.sub(lambda _: "[ _-]{1,3}", body)
    return f"{_left_edge(name[0])}{body}{_right_edge(name[-1])}"


def _left_edge(char: str) -> str:
    if char.isascii() and char.isdigit():
        return r"(?<![\w.,/-])"
    return r"(?<![\w.-])(?<!\\)" if char.isascii() and char.isalnum() else ""


def _right_edge(char: str) -> str:
    if char.isascii() and char.isdigit():
        return r"(?![\w%]|[.,/]\d|-\w)"
    return r"(?![\w]|-\w)" if char.isascii() and char.isalnum() else ""
