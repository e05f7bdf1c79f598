"""Whether and how a run uses the response cache."""

from __future__ import annotations

from collections.abc import Callable

from causal_eval.errors import UsageError
from causal_eval.providers.cache import CacheRule, ReplyCache
from causal_eval.settings import Settings, read_duration
from causal_eval.store.evaluations import LOCAL


def cache_rule(said: str | None, settings: Settings) -> Callable[[ReplyCache], CacheRule] | None:
    """How replies are cached, by the flag ``--cache`` or else the settings; None: they are not.

    Raises:
        UsageError: the flag says neither on nor off nor a time.
    """
    word = (said or ("on" if settings.response_cache else "off")).strip().lower()
    if word == "off":
        return None
    expiry = settings.cache_expiry if word == "on" else duration(word, "--cache", "on, off or a time such as 12h or 7D")
    return lambda replies: CacheRule(replies, project=LOCAL, expiry=expiry)


def duration(text: str, flag: str, allowed: str) -> float:
    """The seconds that *text*, the value of *flag*, says."""
    try:
        return read_duration(text)
    except ValueError as error:
        raise UsageError(f"{flag} is {text!r}: give {allowed}") from error
