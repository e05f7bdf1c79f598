"""Groups of commands and their flags: ``causal-eval cache ...``."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")]

cache_app = typer.Typer(help="Replies that are kept for the same prompts.", no_args_is_help=True)


@cache_app.command(name="list")
def cache_list(json: Json = False) -> int:
    """Show how many replies are cached, by answerer."""
    from causal_eval.cli import caching

    return caching.show(json=json)


@cache_app.command(name="prune")
def cache_prune(
    older: Annotated[str | None, typer.Option(help="A time such as 12h or 7D; default: CEB_CACHE_EXPIRY.")] = None,
    json: Json = False,
) -> int:
    """Delete replies that are older than they may be; runs keep theirs."""
    from causal_eval.cli import caching

    return caching.prune(older, json=json)


@cache_app.command(name="clear")
def cache_clear(
    model: Annotated[str | None, typer.Option("--model", "-m", help="Of this answerer alone.")] = None,
    json: Json = False,
) -> int:
    """Delete all cached replies; runs keep theirs."""
    from causal_eval.cli import caching

    return caching.clear(model, json=json)
