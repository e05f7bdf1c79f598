"""Stories: which words a generated graph is told in, and how far those words agree with common sense.

A domain is one file ``stories/<domain>.toml``, or a user's own, explained in :mod:`causal_eval.questions.story_file`.
:func:`cast` gives every node of a graph a printed name and two printed states, in one of four regimes:

- ``real``: causes come before effects in the world, too (stages never fall along the causal order);
- ``anti``: the same variables the other way round (an outcome at the root, a background trait at the end);
- ``nonsense``: pronounceable words that mean nothing;
- ``placeholder``: ``variable K``, with letters that say nothing about the order.

``real`` and ``anti`` consume a stream alike, so that the same stream gives the same words mirrored.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from causal_eval.errors import MalformedFile, UnknownName, UsageError
from causal_eval.questions.domain import STAGES, Domain, Variable
from causal_eval.questions.languages import Language
from causal_eval.questions.languages import language as tongue_of
from causal_eval.questions.translation import translated
from causal_eval.seeds import Stream

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

REGIMES = ("real", "anti", "nonsense", "placeholder")
"""Every vocabulary in which one and the same graph can be told."""

_LETTERS = tuple("ABCDEFGHJKLMNPQRSTUVWXYZ")  # I and O read as a pronoun and a zero
# No word made of these parts stands in the English, French, German, Italian, Portuguese or Spanish word lists
# that were searched when they were chosen: a nonsense name must not mean anything.
_ONSETS = ("bl", "br", "dr", "dw", "fl", "gl", "gr", "kr", "pl", "pr", "sk", "sp", "tr", "vr", "zl", "zw")
_VOWELS = ("a", "e", "i", "o")
_HEADS = tuple(onset + vowel for onset in _ONSETS for vowel in _VOWELS)
_TAILS = tuple(
    middle + vowel + coda
    for middle in ("b", "d", "g", "l", "m", "n", "v", "z")
    for vowel in ("a", "e", "o", "u")
    for coda in ("f", "k", "p", "v")
)
_WORLDLY = ("real", "anti")
"""The regimes that tell of a domain."""


@dataclass(frozen=True, slots=True)
class Cast:
    """The words in which one graph is told; ``names[i]`` and ``states[i]`` belong to node *i*."""

    domain: str
    regime: str
    unit: str
    units: str
    context: str
    names: tuple[str, ...]
    states: tuple[tuple[str, str], ...]

    def clause(self, node: int, value: int) -> str:
        """A clause of English such as ``"the sodium intake is high"``."""
        return f"{self.names[node]} is {self.states[node][value]}"


@functools.cache
def domains() -> tuple[str, ...]:
    """The domains that come with the package, in alphabetical order: one for each ``stories/*.toml``."""
    files = (entry.name for entry in _folder().iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml")))


@functools.cache
def load(domain: str) -> Domain:
    """The vocabulary of *domain*, checked.

    Raises:
        UnknownName: no such domain.
        MalformedFile: the story file breaks a rule; the message names file, variable and field.
    """
    from causal_eval.questions import story_file  # start-up time of commands without stories

    if domain not in domains():
        raise UnknownName("domain", domain, domains())
    entry = _folder() / f"{domain}.toml"
    return story_file.read(entry.read_bytes(), domain=domain, path=f"stories/{domain}.toml")


def own(path: Path) -> Domain:
    """The vocabulary of a user's own file, named by the file: ``bakery.toml`` gives the domain ``bakery``.

    Raises:
        MalformedFile: it cannot be read or breaks a rule, or its name is none for a domain or that of a shipped one.
    """
    name = path.name.removesuffix(".toml")
    _check_own(name, path=str(path))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MalformedFile(str(path), f"it cannot be read ({error.strerror})") from error
    return own_text(content, name=name, path=str(path))


def own_text(content: bytes, *, name: str, path: str = "") -> Domain:
    """The vocabulary that *content* gives to a user's own domain *name*; messages call it *path*, else ``NAME.toml``.

    Raises:
        MalformedFile: it breaks a rule, or the name is none for a domain or that of a shipped one.
    """
    from causal_eval.questions import story_file  # start-up time of commands without stories

    path = path or f"{name}.toml"
    _check_own(name, path=path)
    return story_file.read(content, domain=name, path=path)


def _check_own(name: str, *, path: str) -> None:
    if not re.fullmatch("[a-z]+(_[a-z]+)*", name):
        raise MalformedFile(path, f"{name!r} names no domain: call the file by lower-case words, like tea_shop.toml")
    if name in domains():
        raise MalformedFile(path, f"the domain {name!r} comes with the package: give the file another name")


def words_of(domain: str | Domain) -> Domain:
    """The vocabulary of a domain that comes with the package, by its name; any other is one already.

    Raises:
        UnknownName: no domain of that name.
    """
    return domain if isinstance(domain, Domain) else load(domain)


def contexts(domain: str | Domain, regime: str, *, language: str = "en") -> tuple[str, ...]:
    """Every opening sentence that a cast of *domain* in *regime* can have.

    Raises:
        UnknownName: no such domain, regime or language.
        UsageError: the domain has no words in that language.
    """
    words, tongue = words_of(domain), tongue_of(language)
    return translated(words, tongue).contexts if _known(regime) in _WORLDLY else tongue.names.contexts


def capacity(domain: str | Domain, regime: str) -> int:
    """The largest number of nodes that *regime* can name in *domain*.

    Raises:
        UnknownName: no such domain or regime.
    """
    limits = {"nonsense": len(_HEADS), "placeholder": len(_LETTERS)}
    words = words_of(domain)
    return limits.get(_known(regime), STAGES * min(len(stage) for stage in words.stages))


def cast(
    domain: str | Domain, regime: str, *, order: Sequence[int], n: int, stream: Stream, language: str = "en"
) -> Cast:
    """Names and states for the *n* nodes of a graph whose topological order (parents first) is *order*.

    With up to six nodes every edge of a ``real`` story leads to a strictly later stage, and every edge of an
    ``anti`` story to a strictly earlier one. With more, at most ``ceil(n / 6)`` neighbours of the order share
    a stage; still no edge of a ``real`` story leads back and none of an ``anti`` story leads forward.

    Raises:
        UnknownName: no such domain, regime or language.
        UsageError: more nodes than this vocabulary has names for, or no words of the domain in that language.
        ValueError: *order* is not a permutation of ``range(n)``.
    """
    if sorted(order) != list(range(n)):
        raise ValueError(f"order must hold every node below n = {n} once, got {list(order)}")
    words, most = words_of(domain), capacity(domain, regime)
    if n > most:
        raise UsageError(f"{n} variables: regime {regime!r} of domain {words.id!r} has names for at most {most}")
    tongue = tongue_of(language)
    if regime in _WORLDLY:
        return _CAST[regime](translated(words, tongue), order, stream)
    return _NAMELESS[regime](words, order, stream, tongue=tongue)


def _real(domain: Domain, order: Sequence[int], stream: Stream) -> Cast:
    return _told(domain, "real", order=order, stream=stream)


def _anti(domain: Domain, order: Sequence[int], stream: Stream) -> Cast:
    return _told(domain, "anti", order=order[::-1], stream=stream)


def _told(domain: Domain, regime: str, *, order: Sequence[int], stream: Stream) -> Cast:
    """A cast in the words of *domain* whose stages never fall along *order*."""
    context = stream.choice(domain.contexts)
    variable_of = dict(zip(order, _drawn(domain, len(order), stream=stream), strict=True))
    chosen = [variable_of[node] for node in range(len(order))]
    return Cast(
        domain=domain.id,
        regime=regime,
        unit=domain.unit,
        units=domain.units,
        context=context,
        names=tuple(variable.name for variable in chosen),
        states=tuple(variable.states for variable in chosen),
    )


def _drawn(domain: Domain, count: int, *, stream: Stream) -> list[Variable]:
    """*count* variables by rising stage, spread over the stages as evenly as it goes."""
    each, extra = divmod(count, STAGES)
    richer = stream.sample(range(STAGES), extra)
    return [
        variable
        for number, stage in enumerate(domain.stages)
        for variable in stream.sample(stage, each + (number in richer))
    ]


def _nonsense(domain: Domain, order: Sequence[int], stream: Stream, *, tongue: Language) -> Cast:
    """No two words of a cast begin alike, so that none is mistaken for another."""
    context = stream.choice(tongue.names.contexts)
    heads = stream.sample(_HEADS, len(order))
    names = tuple(tongue.names.nonsense.format(f"{head}{stream.choice(_TAILS)}") for head in heads)
    return _neutral(domain, "nonsense", context=context, names=names, states=tongue.names.states)


def _placeholder(domain: Domain, order: Sequence[int], stream: Stream, *, tongue: Language) -> Cast:
    context = stream.choice(tongue.names.contexts)
    names = tuple(tongue.names.placeholder.format(letter) for letter in stream.sample(_LETTERS, len(order)))
    return _neutral(domain, "placeholder", context=context, names=names, states=("0", "1"))


def _neutral(domain: Domain, regime: str, *, context: str, names: tuple[str, ...], states: tuple[str, str]) -> Cast:
    """A cast that tells nothing about the domain; its id is kept for the books only."""
    return Cast(domain.id, regime, "unit", "units", context, names, (states,) * len(names))


_CAST = {"real": _real, "anti": _anti}
_NAMELESS = {"nonsense": _nonsense, "placeholder": _placeholder}


def _known(regime: str) -> str:
    if regime not in REGIMES:
        raise UnknownName("regime", regime, REGIMES)
    return regime


def _folder() -> Traversable:
    from importlib import resources  # brings zipfile and tempfile along, which only a reader of files needs

    return resources.files("causal_eval.questions") / "stories"
