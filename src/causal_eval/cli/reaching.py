"""``causal-eval providers check``: whether each configured provider answers, and takes its keys."""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict
from typing import Annotated

import typer

from causal_eval.cli import output
from causal_eval.errors import ProviderDown, ProviderRefused, UsageError
from causal_eval.settings import read_settings

Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")]

providers_app = typer.Typer(help="Model APIs that are called.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Give *app* these commands."""
    app.add_typer(providers_app, name="providers")


@providers_app.callback()
def _group() -> None:
    """Keep the name of the one command there is."""


@providers_app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="openai, anthropic ...")] = None,
    json: Json = False,
) -> int:
    """Ask each configured provider for its list of models, with each key; exit 6: one is refused, 7: one is down."""
    from rich.table import Table

    from causal_eval.providers.config import ProviderConfig
    from causal_eval.providers.reach import State, configured, reach
    from causal_eval.providers.switch import DISABLED

    settings = read_settings(os.environ)
    env = {**settings.credentials, DISABLED: settings.disabled_providers}
    wanted = names or configured(env)
    if not wanted:
        raise UsageError("no provider is configured: set a key, e.g. OPENAI_API_KEY, or name a provider")
    config = ProviderConfig(env, settings.cache_dir, offline=settings.offline)
    found = asyncio.run(reach(wanted, config))
    if json:
        for one in found:
            output.emit({"event": "provider", **asdict(one)})
    else:
        table = Table("provider", "key", "host", "state", "seconds", "what it says")
        for one in found:
            took = "" if one.seconds is None else f"{one.seconds:.2f}"
            table.add_row(one.provider, one.key, one.host, one.state, took, one.said)
        output.print_whole(table, output.console())
    of = {state: ", ".join(dict.fromkeys(one.provider for one in found if one.state is state)) for state in State}
    if of[State.DOWN]:
        raise ProviderDown(f"{of[State.DOWN]}: down or out of reach (see the table)")
    if of[State.REFUSED]:
        raise ProviderRefused(f"{of[State.REFUSED]}: a key is refused; put another into its variable or key file")
    if names and of[State.UNSET]:
        raise UsageError(f"{of[State.UNSET]}: could not be asked (see the table)")
    return 0
