"""A domain's words in another language: ``stories/<language>/<domain>.toml``, by the ids of the English file.

A file has ``contexts``, as many opening sentences as the English one, and ``words``: id -> name, state 0, state 1.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

import msgspec

from causal_eval.errors import MalformedFile, UsageError
from causal_eval.questions.domain import Domain, Variable
from causal_eval.questions.languages import LANGUAGES, Language


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    contexts: tuple[str, ...]
    words: dict[str, tuple[str, str, str]]


def translated(domain: Domain, tongue: Language) -> Domain:
    """*domain* in the words of *tongue*: the same variables at the same stages.

    Raises:
        UsageError: it has no words in that language.
        MalformedFile: a variable has none, or the sentences are not as many.
    """
    if tongue.code == LANGUAGES[0]:
        return domain
    files = _files(tongue.code)
    if domain.id not in files:
        raise UsageError(
            f"domain {domain.id!r} has no words in {tongue.title}: choose among {', '.join(files)}, or the regimes "
            "nonsense and placeholder"
        )
    said = files[domain.id]
    if said.words.keys() != {one.id for one in domain.variables} or len(said.contexts) != len(domain.contexts):
        raise MalformedFile(f"stories/{tongue.code}/{domain.id}.toml", "it must say what the English file says")
    stages = tuple([tuple([_said(one, said.words[one.id]) for one in stage]) for stage in domain.stages])
    return replace(
        domain, contexts=said.contexts, stages=stages, variables=tuple(one for stage in stages for one in stage)
    )


def translated_domains(code: str) -> tuple[str, ...]:
    """The domains that come with the package in the language *code*, in alphabetical order."""
    return tuple(_files(code))


@functools.cache
def _files(code: str) -> dict[str, _Words]:
    folder = Path(__file__).with_name("stories") / code
    entries = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda one: one.name)
    return {entry.name.removesuffix(".toml"): msgspec.toml.decode(entry.read_bytes(), type=_Words) for entry in entries}


def _said(variable: Variable, words: tuple[str, str, str]) -> Variable:
    name, low, high = words
    return replace(variable, name=name, states=(low, high))
