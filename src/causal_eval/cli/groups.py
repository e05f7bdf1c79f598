"""Groups of commands and their flags: ``causal-eval cache ...`` and ``causal-eval ctl ...``."""

from __future__ import annotations

from pathlib import Path
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
    scope: Annotated[str, typer.Option(help="replies (in the database) or counters (in Redis).")] = "replies",
    model: Annotated[str | None, typer.Option("--model", "-m", help="Replies of this answerer alone.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    json: Json = False,
) -> int:
    """Delete cached replies (runs keep theirs), or our keys in Redis: in place of FLUSHALL, which takes others' too."""
    from causal_eval.cli import caching

    return caching.clear(scope, model, dry_run=dry_run, json=json)


Run = Annotated[
    str | None, typer.Argument(help="A run's id, or its beginning; not needed while exactly one run goes on.")
]

ctl_app = typer.Typer(help="Look at and steer a run that goes on in another shell.", no_args_is_help=True)


@ctl_app.command(name="status")
def ctl_status(run: Run = None, json: Json = False) -> int:
    """Say what a run is doing and what it is waiting for."""
    from causal_eval.cli import ctl

    return ctl.status(run, json=json)


@ctl_app.command(name="pause")
def ctl_pause(run: Run = None, json: Json = False) -> int:
    """Make no further call, order no further batch; what is open ends and is kept."""
    from causal_eval.cli import ctl

    return ctl.pause(run, json=json)


@ctl_app.command(name="resume")
def ctl_resume(run: Run = None, json: Json = False) -> int:
    """Let a paused run go on."""
    from causal_eval.cli import ctl

    return ctl.resume(run, json=json)


@ctl_app.command(name="set")
def ctl_set(
    words: Annotated[list[str], typer.Argument(metavar="[RUN] concurrency N", help="What, and to which value.")],
    json: Json = False,
) -> int:
    """Set how many calls may be open at once: `ctl set concurrency 20`."""
    from causal_eval.cli import ctl

    return ctl.set_words(words, json=json)


domains_app = typer.Typer(help="The vocabularies that stories are told in, yours included.", no_args_is_help=True)


@domains_app.command(name="list")
def domains_list(json: Json = False) -> int:
    """List the domains that come with the package: what they are about, and how many quantities they name."""
    from causal_eval.cli import wording

    return wording.listed(json=json)


@domains_app.command(name="check")
def domains_check(
    domain: Annotated[
        str | None, typer.Argument(metavar="[FILE|NAME]", help="Your file or a domain; default: all.")
    ] = None,
    seed: Annotated[str, typer.Option(help="Another seed shows other questions.")] = "0",
    json: Json = False,
) -> int:
    """Check a domain's rules, show why its stages stand in that order, say what grates, and ask sample questions."""
    from causal_eval.cli import wording

    return wording.check(domain, seed=seed, json=json)


OwnWords = Annotated[
    list[Path] | None, typer.Option("--domain-file", help="Words of your own that it is told in, TOML; repeated.")
]
suite_app = typer.Typer(help="Named selections of questions, and what a set is worth.", no_args_is_help=True)


@suite_app.command(name="list")
def suite_list(json: Json = False) -> int:
    """List the named suites with their versions and sizes."""
    from causal_eval.cli import suites

    return suites.listed(json=json)


@suite_app.command(name="validate")
def suite_validate(
    file: Annotated[Path, typer.Argument(help="Questions with answers and proofs, JSONL or Parquet.")],
    html: Annotated[Path | None, typer.Option("--html", help="Also write a page with pictures.")] = None,
    domain_file: OwnWords = None,
    json: Json = False,
) -> int:
    """Prove every question again, look for repeats, ties and imbalance, and let every shortcut try; exits 0 or 8."""
    from causal_eval.cli import suites

    return suites.checked(file, html=html, json=json, words=domain_file)


@suite_app.command(name="card")
def suite_card(
    source: Annotated[str, typer.Argument(metavar="FILE|NAME", help="A file of questions, or a named suite.")],
    seed: Annotated[str, typer.Option(help="The seed of a named suite.")] = "0",
    out: Annotated[Path | None, typer.Option("--out", help="Write it there; default: print it.")] = None,
    domain_file: OwnWords = None,
) -> int:
    """Write the data card of a set: contents, licence, intended use, proofs, chance and shortcuts, hashes."""
    from causal_eval.cli import suites

    return suites.carded(source, seed=seed, out=out, words=domain_file)
