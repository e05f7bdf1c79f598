"""The commands of incidents and their flags."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from causal_eval.cli.flags import number

Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")]
Name = Annotated[str, typer.Argument(help="Id of an incident, e.g. INC-7.")]

incident_app = typer.Typer(
    help="Open incidents and see them through; needs neither API nor database.", no_args_is_help=True
)


def add_to(app: typer.Typer) -> None:
    """Give *app* these commands."""
    app.command()(sentinel)
    app.add_typer(incident_app, name="incident")


def sentinel(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 9095,
    every: Annotated[float, typer.Option(min=0.1, max=300, callback=number, help="Seconds between two looks.")] = 15.0,
    proxy: Annotated[
        list[str] | None, typer.Option(help="Network of a proxy that says who subscribes; beside this machine.")
    ] = None,
) -> int:
    """Keep incidents: take alerts, look by itself, write the status page, remind people."""
    from causal_eval.cli import sentinels

    return sentinels.sentinel(host, port, every=every, proxies=tuple(proxy or ()))


@incident_app.command(name="open")
def open_(
    title: Annotated[str, typer.Argument(help="What is wrong, in a few words.")],
    severity: Annotated[str, typer.Option("--severity", "-s", help="P0 to P3; unsure: the worse one.")] = "P2",
    component: Annotated[str, typer.Option(help="What is not well: api, database, worker, model_api ...")] = "other",
    impact: Annotated[str, typer.Option(help="Who notices what.")] = "",
    private: Annotated[bool, typer.Option("--private", help="Nothing of it is for the public: security.")] = False,
    from_user: Annotated[str, typer.Option(help="Who said so: a P3 that is not public, as the page makes one.")] = "",
    json: Json = False,
) -> int:
    """Open an incident, or find the open one of the same kind."""
    from causal_eval.cli import incidents

    if from_user:
        return incidents.reported(title, by=from_user, json=json)
    return incidents.open_(title, severity=severity, component=component, impact=impact, private=private, json=json)


@incident_app.command(name="list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Those that are over too, newest first.")] = False,
    json: Json = False,
) -> int:
    """Say which incidents are open."""
    from causal_eval.cli import incidents

    return incidents.listed(over=every, json=json)


@incident_app.command()
def show(incident: Name, json: Json = False) -> int:
    """Say all about one: what fires, what is due, what happened."""
    from causal_eval.cli import incidents

    return incidents.show(incident, json=json)


@incident_app.command()
def ack(incident: Name, json: Json = False) -> int:
    """Say that you have seen it and take it on."""
    from causal_eval.cli import incidents

    return incidents.acknowledge(incident, json=json)


@incident_app.command()
def classify(
    incident: Name,
    severity: Annotated[str, typer.Argument(help="P0 to P3.")],
    reason: Annotated[str, typer.Option(help="Why; needed where it is called less bad.")] = "",
    json: Json = False,
) -> int:
    """Say how bad it is."""
    from causal_eval.cli import incidents

    return incidents.classify(incident, severity, reason=reason, json=json)


@incident_app.command()
def assign(incident: Name, to: Annotated[str, typer.Argument(help="Who works on it.")], json: Json = False) -> int:
    """Say who works on it."""
    from causal_eval.cli import incidents

    return incidents.assign(incident, to, json=json)


@incident_app.command()
def update(
    incident: Name,
    text: Annotated[str, typer.Argument(help="What was done, what is done now, when it may be over.")],
    state: Annotated[str | None, typer.Option(help="investigating, mitigating or monitoring.")] = None,
    eta: Annotated[str, typer.Option(help="When it may be over; later updates say so too.")] = "",
    public: Annotated[bool, typer.Option("--public", help="For the status page too.")] = False,
    json: Json = False,
) -> int:
    """Say how it goes."""
    from causal_eval.cli import incidents

    return incidents.update(incident, text, state=state, eta=eta, public=public, json=json)


@incident_app.command()
def tick(
    incident: Name,
    task: Annotated[str, typer.Argument(help="What had to be done outside, as `show` names it: security-1 ...")],
    text: Annotated[str, typer.Argument(help="What was done, or why nobody has to.")],
    json: Json = False,
) -> int:
    """Say that something outside was done: legal, the external team, customers."""
    from causal_eval.cli import incidents

    return incidents.tick(incident, task, text, json=json)


@incident_app.command()
def customers(
    incident: Name,
    text: Annotated[str, typer.Argument(help="What it meant for them, and what they have to do.")],
    to: Annotated[Path, typer.Option(help="A file with their mailboxes, one a line.")],
    json: Json = False,
) -> int:
    """Tell customers who were affected, each by a letter of his own, once."""
    from causal_eval.cli import calling

    return calling.customers(incident, to, text, json=json)


@incident_app.command()
def escalate(
    incident: Name,
    reason: Annotated[str, typer.Argument(help="What was tried, and why help is needed.")],
    to: Annotated[str, typer.Option(help="Whom too: dba, infrastructure, cloud, security-ir, legal ...")] = "",
    json: Json = False,
) -> int:
    """Call for help: the team lead, and whom else you name."""
    from causal_eval.cli import incidents

    return incidents.escalate(incident, reason, to=to, json=json)


@incident_app.command()
def snapshot(incident: Name, json: Json = False) -> int:
    """Keep how everything is now: health and deployments, beside the incident."""
    from causal_eval.cli import snapshots

    return snapshots.snapshot(incident, json=json)


@incident_app.command()
def resolve(
    incident: Name,
    resolution: Annotated[str, typer.Argument(help="What ended it.")],
    root_cause: Annotated[str, typer.Option(help="Why it happened, as far as is known.")] = "",
    json: Json = False,
) -> int:
    """Say that it is over."""
    from causal_eval.cli import incidents

    return incidents.resolve(incident, resolution, root_cause=root_cause, json=json)


@incident_app.command()
def effect(
    incident: Name,
    rerun: Annotated[
        bool, typer.Option("--rerun", help="Ask what it touched again, as evaluations of their own; it costs calls.")
    ] = False,
    json: Json = False,
) -> int:
    """Say what it did to scores: with and without the results whose calls overlap it. Needs the database."""
    from causal_eval.cli import effects

    return effects.show(incident, rerun=rerun, json=json)


@incident_app.command()
def review(
    incident: Name,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="FILE; default: standard output.")] = None,
    form: Annotated[str, typer.Option("--format", help="markdown or html: one page that needs no other.")] = "markdown",
    json: Json = False,
) -> int:
    """Write its review, as far as a machine can."""
    from causal_eval.cli import reviewing

    return reviewing.review(incident, out, form=form, json=json)


@incident_app.command()
def cause(incident: Name, text: Annotated[str, typer.Argument(help="Why it happened.")], json: Json = False) -> int:
    """Write down why it happened."""
    from causal_eval.cli import reviewing

    return reviewing.cause(incident, text, json=json)


@incident_app.command()
def todo(
    incident: Name,
    text: Annotated[str, typer.Argument(help="What has to be done.")],
    owner: Annotated[str, typer.Option(help="Who does it.")],
    until: Annotated[str, typer.Option(help="A day, e.g. 2026-12-24.")],
    json: Json = False,
) -> int:
    """Have somebody do something, so that it does not happen again."""
    from causal_eval.cli import reviewing

    return reviewing.plan(incident, text, owner=owner, until=until, json=json)


@incident_app.command()
def done(
    action: Annotated[int, typer.Argument(help="Number of what had to be done, as `todo` said it.")],
    waived: Annotated[str, typer.Option(help="Why nobody does it after all.")] = "",
    json: Json = False,
) -> int:
    """Say that something is done, or waived."""
    from causal_eval.cli import reviewing

    return reviewing.close(action, waived, json=json)


@incident_app.command()
def reviewed(incident: Name, json: Json = False) -> int:
    """Say that its review is over; nothing may be left to do."""
    from causal_eval.cli import reviewing

    return reviewing.reviewed(incident, json=json)
