"""From a model string to someone who answers: a prompted provider or a baseline, with what its run is called."""

from __future__ import annotations

import functools
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from causal_eval.errors import UsageError
from causal_eval.evaluation.answerer import Answerer
from causal_eval.evaluation.book import BatchBook
from causal_eval.evaluation.desk import Batching, BatchRule
from causal_eval.evaluation.elicit import Example, Phrasing, Prompted, Sampling, elicitation
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.adapters import batches, refuses_temperature
from causal_eval.providers.assemble import assemble, by_batch, paused
from causal_eval.providers.cache import CacheRule, ReplyCache
from causal_eval.providers.catalog import LOCAL, route
from causal_eval.providers.config import Arguments, ProviderConfig
from causal_eval.providers.events import Listener
from causal_eval.providers.halt import HaltWatch
from causal_eval.providers.live import Live
from causal_eval.providers.window import Window
from causal_eval.service.caching import cache_rule
from causal_eval.service.live import heed_hangup, variables, watched
from causal_eval.settings import Settings
from causal_eval.store.database import Store
from causal_eval.store.replies import SqlReplies

BASELINE = "baseline/"
FEW_SHOT = "few-shot"
EXAMPLES = 2
"""Worked examples per (family, kind) for base models."""
BASELINE_WIDTH = 8
SHOWN = 360
"""Questions among which worked examples are looked for: a few of every kind."""
LOCAL_WIDTH = 2
"""One prompt is evaluated, the next is ready."""


@dataclass(frozen=True, slots=True)
class Call:
    """How answers are asked for; speed and patience are no part of a run's identity, the rest is."""

    max_connections: int | None = None
    temperature: float | None = None
    max_tokens: int = 2048
    timeout: float = 120.0
    max_retries: int = 4
    elicitation: str | None = None
    arguments: Arguments = field(default_factory=dict)
    """Model arguments (``-M name=value``): part of a run's identity."""
    rpm: float | None = None
    tpm: float | None = None
    cache: str | None = None
    """``--cache``: on, off or how long a reply is good; None: as the settings say."""
    batch: bool = False
    """Answers come by the provider's batch API."""
    cancel: bool = False
    """With ``batch``: open batches are stopped, and nothing is ordered."""


Trouble = Callable[[str, str], None]
"""Hears what is in trouble (``cache``) and what the trouble is."""


class Open(Protocol):
    """Opens the answerer inside the run's event loop."""

    def __call__(self, listener: Listener, cache: CacheRule | None = None) -> Answerer:
        """The answerer, telling *listener* about its calls and using *cache*, if it makes any."""


class OpenBatches(Protocol):
    """Opens the batch API inside the run's event loop."""

    def __call__(self, book: BatchBook, listener: Listener) -> Batching:
        """The way to it, with the run's orders in *book*, telling *listener* what it waits for."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answerer before its run."""

    name: str
    width: int
    """Calls that may be in flight."""
    spec: RunSpec
    """What its run is, but for the question set and the order."""
    open: Open
    paused: Callable[[], str] = str
    """The setting that switches its provider off now; empty while it is on."""
    cache: Callable[[ReplyCache], CacheRule] | None = None
    """How its replies are cached; None: they are not."""
    batches: OpenBatches | None = None
    """None: every question is a call of its own."""
    cancel: bool = False
    """Open batches are to be stopped."""

    def watch(self) -> HaltWatch:
        """A fresh judge of when going on is hopeless."""
        return HaltWatch()


@asynccontextmanager
async def opened(one: Candidate, store: Store, listener: Listener, *, trouble: Trouble) -> AsyncIterator[Answerer]:
    """The answerer with its cache, if it has one; what was to be cached is written at the end."""
    replies, rule = None, None
    if one.cache is not None:
        replies = SqlReplies(
            store, trouble=lambda problem: trouble("cache", f"the response cache is out of order: {problem}")
        )
        rule = one.cache(replies)
    answerer = one.open(listener, rule)
    try:
        yield answerer
    finally:
        await answerer.close()
        if replies is not None:
            await replies.close()


def candidate(
    name: str, call: Call, settings: Settings, *, cap: Window | None = None, live: Live | None = None
) -> Candidate:
    """The answerer that the user calls *name*; with *cap*, it shares the hard cap with others.

    Keys, addresses and switches are those of *live*; without it, those of *settings*, read again while it runs.

    Raises:
        UnknownName: no such provider or baseline.
        UsageError: a key or address is missing; the message says what to type.
    """
    if name.startswith(BASELINE):
        return _baseline(name)
    local = route(name).api == LOCAL
    way_name = call.elicitation or usual_elicitation(name)
    way = elicitation(way_name, _examples() if way_name == FEW_SHOT else None)
    config = replace(_config(call, settings), cap=cap)
    if live is not None:
        config = replace(config, env=live.env)
    if call.temperature not in {None, 1.0} and refuses_temperature(name):
        raise UsageError(f"--temperature {call.temperature:g}: {name} takes no temperature but 1; leave it out")
    assemble(name, config)  # a missing key or file is said before anything begins
    if call.batch:
        batches(name, config)  # and so is that there is no batch API
    sampling = Sampling(max_tokens=call.max_tokens, temperature=call.temperature)
    spec = RunSpec(
        answerer=name, question_set="", elicitation=way.label, temperature=call.temperature, max_tokens=call.max_tokens,
        endpoint=route(name).own_address(config.env), params=_params(call.arguments),
    )  # fmt: skip

    def open_(listener: Listener, cache: CacheRule | None = None) -> Answerer:
        now = _reread(listener) if live is None else live
        return Prompted(assemble(name, replace(config, listener=listener, live=now, cache=cache)), way, sampling)

    most = min(call.max_connections or settings.max_concurrent_api_calls, settings.max_concurrent_api_calls)
    width, off = LOCAL_WIDTH if local else most, functools.partial(paused, name, config)
    cache = None if local else cache_rule(call.cache, settings)
    ordered = _by_batch(name, config, phrasing=Phrasing(way, sampling)) if call.batch else None
    return Candidate(name, width, spec, open_, off, cache, ordered, call.cancel)


def _by_batch(name: str, config: ProviderConfig, *, phrasing: Phrasing) -> OpenBatches:
    def open_(book: BatchBook, listener: Listener) -> Batching:
        way = by_batch(name, replace(config, listener=listener, live=_reread(listener)))
        return Batching(way, phrasing, book, BatchRule(attempts=config.attempts), listener=listener)

    return open_


def _reread(listener: Listener) -> Live:
    live = watched(listener)
    heed_hangup(live.reload)
    return live


def usual_elicitation(name: str) -> str:
    """How the answerer *name* is asked unless the user says otherwise: base models need worked examples."""
    return FEW_SHOT if route(name).api == LOCAL else "reason"


def _baseline(name: str) -> Candidate:
    from causal_eval.evaluation.baselines.answer import Baseline, check_name  # start-up time of API runs
    from causal_eval.evaluation.baselines.learn import learnt

    check_name(name)

    def open_(listener: Listener, cache: CacheRule | None = None) -> Answerer:
        del listener, cache  # nothing is called, nothing is heard
        return Baseline(name, learnt)

    return Candidate(name, BASELINE_WIDTH, RunSpec(answerer=name, question_set=""), open_)


def _config(call: Call, settings: Settings) -> ProviderConfig:
    return ProviderConfig(
        env=variables(settings),
        cache_dir=settings.cache_dir,
        max_concurrent=settings.max_concurrent_api_calls,
        max_connections=call.max_connections,
        attempts=call.max_retries + 1,
        rpm=call.rpm,
        tpm=call.tpm,
        timeout=call.timeout,
        offline=settings.offline,
        arguments=call.arguments,
    )


def _params(arguments: Arguments) -> tuple[tuple[str, str], ...]:
    """The arguments as the run's identity has them: each value as canonical JSON."""
    return tuple((name, json.dumps(value, sort_keys=True)) for name, value in sorted(arguments.items()))


def parse_arguments(given: Sequence[str], effort: str | None) -> Arguments:
    """The model arguments of ``name=value`` texts, values as JSON where they are JSON, else as text.

    Raises:
        UsageError: a text without a name, or a name given twice.
    """
    found: dict[str, Any] = {}
    for text in (*given, *([f"reasoning_effort={effort}"] if effort else [])):
        name, sign, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not sign or not name:
            raise UsageError(f"-M {text!r}: write name=value, e.g. -M reasoning_effort=low")
        if name in found:
            raise UsageError(f"-M {name} is given twice (--reasoning-effort is one of them): leave one out")
        found[name] = _json_or_text(value.strip())
    return found


def _json_or_text(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


@functools.cache  # it takes seconds, and every order of a base model needs the same
def _examples() -> dict[tuple[str, str], list[Example]]:
    """Short worked examples for every (family, kind), from a seed that no run asks."""
    from causal_eval.questions.generate import generate  # start-up time of API runs
    from causal_eval.questions.suite import examples
    from causal_eval.scoring.format import example

    found: dict[tuple[str, str], list[Example]] = defaultdict(list)
    for question in generate(replace(examples(SHOWN), difficulties=(1, 1))):
        shown = found[question.family, question.kind]
        answer = example(question.answer, question.gold)
        if len(shown) < EXAMPLES and all(answer != other.answer for other in shown):
            shown.append(Example(question.prompt, answer))
    return dict(found)
