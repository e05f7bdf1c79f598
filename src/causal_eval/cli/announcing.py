"""The commands of maintenance and of who is on call, and their flags."""

from __future__ import annotations

from typing import Annotated

import typer

from causal_eval.cli.flags import number

Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")]

maintenance_app = typer.Typer(
    help="Announce work: it is shown on the status page, and alerts of it wake nobody meanwhile.", no_args_is_help=True
)
oncall_app = typer.Typer(help="Who is on call, and whether messages reach him.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Give *app* these commands."""
    app.add_typer(maintenance_app, name="maintenance")
    app.add_typer(oncall_app, name="oncall")


@maintenance_app.command()
def plan(
    components: Annotated[list[str], typer.Argument(help="What is worked on: database, api, model_api:openai ...")],
    text: Annotated[str, typer.Option("--text", "-t", help="What is done, for the public.")],
    begin: Annotated[str, typer.Option("--from", help="When it begins, e.g. 2026-12-24T18:00Z; default: now.")] = "",
    until: Annotated[str, typer.Option(help="When it ends; or:")] = "",
    lasts: Annotated[str, typer.Option("--for", help="How long it lasts, e.g. 90m or 2h.")] = "",
    json: Json = False,
) -> int:
    """Announce that something is worked on."""
    from causal_eval.cli import maintaining

    return maintaining.plan(components, text, begin=begin, until=until, lasts=lasts, json=json)


@maintenance_app.command(name="list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="What is over too.")] = False,
    json: Json = False,
) -> int:
    """Say what is announced and going on."""
    from causal_eval.cli import maintaining

    return maintaining.listed(over=every, json=json)


@maintenance_app.command()
def cancel(window: Annotated[int, typer.Argument(help="Its number, as `list` says it.")], json: Json = False) -> int:
    """Take it back; what has begun ends now."""
    from causal_eval.cli import maintaining

    return maintaining.cancel(window, json=json)


@oncall_app.command()
def who(
    at: Annotated[str, typer.Option(help="A moment, e.g. 2026-12-24T18:00Z; default: now.")] = "", json: Json = False
) -> int:
    """Say who is on call, and where each role is reached."""
    from causal_eval.cli import calling

    return calling.who(at, json=json)


@oncall_app.command(name="test")
def try_out(
    contact: Annotated[str, typer.Option(help="A person, channel or role; default: every contact.")] = "",
    wait: Annotated[
        float, typer.Option(min=0, max=600, callback=number, help="Seconds until all should have arrived.")
    ] = 15.0,
    json: Json = False,
) -> int:
    """Send a page marked TEST, and say whether it arrived; exit 1 where one did not."""
    from causal_eval.cli import calling

    return calling.try_out(contact, wait, json=json)
