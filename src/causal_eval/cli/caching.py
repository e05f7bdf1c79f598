"""``causal-eval cache list``, ``prune`` and ``clear``."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from causal_eval.cli import output
from causal_eval.cli.operating import check_extra
from causal_eval.errors import UsageError
from causal_eval.service.caching import duration
from causal_eval.settings import Settings, read_settings
from causal_eval.store.database import open_store
from causal_eval.store.evaluations import LOCAL
from causal_eval.store.replies import Kept, forget_replies, kept_replies

_MEGA = 10**6


def show(*, json: bool) -> int:
    """What is cached, an answerer a line."""
    settings = read_settings(os.environ)
    store = open_store(settings.database_url)
    try:
        found = kept_replies(store, project=LOCAL)
    finally:
        store.close()
    for one in found:
        if json:
            output.emit(
                {"answerer": one.answerer, "replies": one.replies, "bytes": one.size, "oldest": one.oldest,
                 "newest": one.newest}
            )  # fmt: skip
        else:
            output.say(_line(one))
    if not found and not json:
        state = (
            "on" if settings.response_cache else "off: ENABLE_RESPONSE_CACHE=true or `eval --cache on` switches it on"
        )
        output.say(f"nothing is cached (the cache is {state})")
    return 0


def prune(older: str | None, *, json: bool) -> int:
    """Delete what is older than *older*, by default than the setting's expiry."""
    settings = read_settings(os.environ)
    seconds = settings.cache_expiry if older is None else duration(older, "--older", "a time such as 12h or 7D")
    if seconds is None:
        raise UsageError("CEB_CACHE_EXPIRY is never: say which replies are too old, e.g. --older 30d")
    moment = datetime.fromtimestamp(datetime.now(UTC).timestamp() - seconds, UTC)
    return _forget(settings, before=moment.isoformat(timespec="milliseconds"), answerer=None, json=json)


def clear(scope: str, answerer: str | None, *, dry_run: bool, json: bool) -> int:
    """Delete all cached replies, or those of one answerer; or the counters in Redis."""
    if scope not in {"replies", "counters"}:
        raise UsageError(f"--scope is {scope!r}: give replies (in the database) or counters (in Redis)")
    if scope == "counters":
        if answerer is not None:
            raise UsageError("--model: counters are of who asks, not of models; leave it out, or give --scope replies")
        return _clear_redis(dry_run=dry_run, json=json)
    settings = read_settings(os.environ)
    if not dry_run:
        return _forget(settings, before=None, answerer=answerer, json=json)
    store = open_store(settings.database_url)
    try:
        kept = [one for one in kept_replies(store, project=LOCAL) if answerer in {None, one.answerer}]
    finally:
        store.close()
    return _said(sum(one.replies for one in kept), "cached replies", done=False, json=json)


def _clear_redis(*, dry_run: bool, json: bool) -> int:
    check_extra()
    from causal_eval.cli.visiting import visiting
    from causal_eval.operations import redis_keys
    from causal_eval.service.audit import Deed, record

    url = read_settings(os.environ).redis_url
    if dry_run:
        return _said(redis_keys.count(url), "keys in Redis", done=False, json=json)
    with visiting() as visit:
        count = redis_keys.clear(url)
        with visit.service.store.writing() as connection:
            record(connection, visit, deed=Deed("redis.clear", f"{redis_keys.PREFIX}*"), detail={"keys": count})
    return _said(count, "keys in Redis", done=True, json=json)


def _said(count: int, what: str, *, done: bool, json: bool) -> int:
    if json:
        output.emit({"event": "cleared" if done else "would_clear", "what": what, "count": count})
    else:
        output.say(f"{count} {what} {'deleted' if done else 'would be deleted'}")
    return 0


def _forget(settings: Settings, *, before: str | None, answerer: str | None, json: bool) -> int:
    store = open_store(settings.database_url)
    try:
        count = forget_replies(store, project=LOCAL, before=before, answerer=answerer)
    finally:
        store.close()
    if json:
        output.emit({"event": "forgotten", "replies": count})
    else:
        output.say(f"{count} cached replies deleted; runs keep theirs")
    return 0


def _line(one: Kept) -> str:
    span = f"{one.oldest[:16].replace('T', ' ')} to {one.newest[:16].replace('T', ' ')} UTC"
    return f"{one.answerer}  {one.replies} replies  {one.size / _MEGA:.1f} MB  {span}"
