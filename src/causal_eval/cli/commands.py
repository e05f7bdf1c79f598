"""Every command and its flags; the work is done in the module that each command imports when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from causal_eval.cli import (
    adaptive,
    announcing,
    backups,
    calibrating,
    comparing,
    contaminating,
    databases,
    diagnosing,
    listing,
    logs,
    operating,
    planning,
    reaching,
    reports,
    responding,
    runbooks,
    standing,
    stopping,
    switching,
    trending,
)
from causal_eval.cli.flags import Twins, number
from causal_eval.cli.groups import cache_app, ctl_app, domains_app, suite_app
from causal_eval.cli.stopping import Baseline, Decided, Margin, Until
from causal_eval.mock.faults import Mode

app = typer.Typer(
    name="causal-eval",
    help="Ask language models causal questions with proof, and trust the score.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="First steps: `causal-eval demo`, then `causal-eval eval --model openai/NAME`. All flags: COMMAND --help.",
)

Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout, progress on stderr.")]
Families = Annotated[list[str] | None, typer.Option("--family", help="Families, repeated or by comma; default all.")]
Domains = Annotated[list[str] | None, typer.Option("--domain", help="Story domains; default all.")]
Words = Annotated[
    list[Path] | None, typer.Option("--domain-file", help="Words of your own, TOML (`domains check FILE`); repeated.")
]
Regimes = Annotated[list[str] | None, typer.Option("--regime", help="real, anti, nonsense, placeholder; default all.")]
Renderers = Annotated[
    list[str] | None, typer.Option("--renderer", help="list, story, table, dialogue, report, symbolic; default all.")
]
Difficulty = Annotated[str, typer.Option("--difficulty", help="A level or a range, e.g. 3 or 1-5.")]
RunId = Annotated[str, typer.Argument(help="An evaluation's id, or an unambiguous beginning of it.")]


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version and leave.")] = False,
) -> None:
    """Ask language models causal questions with proof, and trust the score."""
    if version:
        import causal_eval

        typer.echo(f"causal-eval {causal_eval.__version__}")
        raise typer.Exit


@app.command()
def generate(
    n: Annotated[int, typer.Option("--n", "-n", min=1, help="How many questions.")] = 100,
    seed: Annotated[str, typer.Option(help="Same seed and version, same bytes.")] = "0",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="FILE.jsonl or FILE.parquet.")] = None,
    family: Families = None,
    domain: Domains = None,
    domain_file: Words = None,
    regime: Regimes = None,
    renderer: Renderers = None,
    language: Annotated[str, typer.Option(help="en, de, fr, es or zh.")] = "en",
    rephrase: Annotated[bool, typer.Option("--rephrase", help="Each question in every renderer, one cluster.")] = False,
    difficulty: Difficulty = "1-5",
    kind: Annotated[list[str] | None, typer.Option("--kind", help="FAMILY/KIND: of its family this alone.")] = None,
    twins: Twins = None,
    adversarial: Annotated[str, typer.Option(help="Traps: all, or reverse-causation, collider ... by comma.")] = "",
    adversarial_to: Annotated[str, typer.Option(metavar="RUN", help="Aim at the weak spots of a stored run.")] = "",
    graph: Annotated[
        str, typer.Option(help="Ask about your own graph, 'Z->X, Z->Y, X->Y', with --family adjustment, blanket ...")
    ] = "",
    public: Annotated[
        bool, typer.Option("--public", help="Answers and proofs go to a file apart, FILE.gold.jsonl.")
    ] = False,
    secret_file: Annotated[
        Path | None, typer.Option(help="Key the set by a secret that is revealed after scoring.")
    ] = None,
    split: Annotated[str, typer.Option(help="public, private or rotating: one distribution, no common question.")] = "",
    date: Annotated[str, typer.Option(help="Of a rotating split, YYYY-MM-DD.")] = "",
    json: Json = False,
) -> int:
    """Make questions, each proven by two exact solvers; print the set's hash."""
    from causal_eval.cli import questions
    from causal_eval.questions.commitment import split_plan

    plan = questions.plan_of(
        n=n, seed=seed, difficulty=difficulty, secret_file=secret_file, graph=graph,
        names=questions.Names.of(family, domain, regime=regime, kind=kind, files=domain_file)
        .laid_out(renderer, language=language, twins=twins, rephrased=rephrase),
    )  # fmt: skip
    if split or date:
        plan = split_plan(plan, split, date=date)
    if adversarial or adversarial_to:
        from causal_eval.cli import aiming

        plan = aiming.aimed(plan, adversarial, run=adversarial_to, json=json)
    return questions.generate_file(plan, out, public=public, json=json)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A question file with certificates.")],
    domain_file: Words = None,
    json: Json = False,
) -> int:
    """Read the facts back from every prompt, re-derive every answer and step; exit 8 on a mismatch."""
    from causal_eval.cli import questions

    return questions.verify_file(file, json=json, words=domain_file)


@app.command()
def explain(
    question: Annotated[str, typer.Argument(metavar="ID", help="A question's id, or its beginning.")],
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="The question file; default: every stored run's questions.")
    ] = None,
    check: Annotated[bool, typer.Option("--verify", help="Re-derive everything first; exit 8 on a mismatch.")] = False,
    json: Json = False,
) -> int:
    """Show the proof card: graph, facts, estimand, derivation, answer, and what each classic mistake would answer."""
    from causal_eval.cli import questions

    return questions.explain(question, file, check=check, json=json)


@app.command()
def solve(
    file: Annotated[str, typer.Argument(help="A file of cases (JSON or JSON lines), or - for standard input.")] = "-",
    check: Annotated[
        bool,
        typer.Option(
            "--verify", help="Have the second solver agree, and evaluate every step again; exit 8 on a mismatch."
        ),
    ] = False,
    json: Json = True,
) -> int:
    """The causal calculator: one JSON line per case, exact answer and derivation."""
    from causal_eval.cli import solving

    return solving.solve_file(file, json=json, check=check)


@app.command()
def cladder(folder: Annotated[Path, typer.Argument(help="CLadder's folder `data`.")], json: Json = False) -> int:
    """Compute CLadder's published models again: every stored value that is wrong, every gold answer that flips."""
    from causal_eval.cli import cladder as published

    return published.recompute(folder, json=json)


Elicit = Annotated[
    str | None, typer.Option("--elicitation", help="direct, reason, confidence or few-shot; default by provider.")
]
ModelArgs = Annotated[
    list[str] | None,
    typer.Option("--model-arg", "-M", help="NAME=VALUE for the provider, repeated: reasoning_effort=low ..."),
]
Effort = Annotated[str | None, typer.Option("--reasoning-effort", help="Short for -M reasoning_effort=...")]
Connections = Annotated[
    int | None, typer.Option("--max-connections", min=1, help="Fixed number of open calls; default adaptive.")
]
Batch = Annotated[bool, typer.Option("--batch", help="Ask by the provider's batch API: cheaper, within a day.")]
Rpm = Annotated[
    float | None, typer.Option("--rpm", min=0.01, callback=number, help="Requests per minute, over all keys.")
]
Tpm = Annotated[float | None, typer.Option("--tpm", min=1, callback=number, help="Tokens per minute, over all keys.")]
Cache = Annotated[
    str | None, typer.Option("--cache", help="Reuse replies to the same prompts: on, off, or for how long (12h, 7D).")
]
Budget = Annotated[
    str | None, typer.Option(help="US dollars that the runs of this command may cost in all; exit 5 when they have.")
]
MaxTime = Annotated[str | None, typer.Option("--max-time", help="90s, 30m, 2h: nothing is asked later; exit 5.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be asked and what it would take; ask nothing.")]
PriceTable = Annotated[Path | None, typer.Option("--price-table", help="Prices, TOML; default: CEB_PRICES.")]
Timeout = Annotated[float, typer.Option("--timeout", min=0.001, callback=number, help="Seconds for one call.")]
Retries = Annotated[int, typer.Option("--max-retries", min=0, help="Retries of one call.")]
Report = Annotated[Path | None, typer.Option("--report", help="FILE.html; default: a new file in the report folder.")]
Wanted = Annotated[Path | None, typer.Option("--report", help="FILE.html or a folder; default: no report.")]
Unscored = Annotated[
    float,
    typer.Option("--fail-on-error", min=0.0, max=1.0, help="Exit 4 when a larger share is missing or unparsed."),
]
Shown = Annotated[str, typer.Option("--display", help="full, plain or none.")]


@app.command(name="eval")
def evaluate(
    model: Annotated[list[str], typer.Option("--model", "-m", help="provider/model; repeated or by comma.")],
    suite: Annotated[
        str, typer.Option("--suite", help="A named plan of fresh questions: `causal-eval suite list`.")
    ] = "quick",
    questions: Annotated[
        Path | None, typer.Option("--questions", "-q", help="A question file instead, ours or yours.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="About the first N questions of the run's random order: no twin group is split."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Samples per question.")] = 1,
    seed: Annotated[str | None, typer.Option(help="Seed of questions and order; default: today's date (UTC).")] = None,
    temperature: Annotated[
        float | None, typer.Option(min=0.0, max=2.0, callback=number, help="Default: the provider's.")
    ] = None,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest reply.")] = 2048,
    max_connections: Connections = None,
    timeout: Timeout = 120.0,
    max_retries: Retries = 4,
    rpm: Rpm = None,
    tpm: Tpm = None,
    cache: Cache = None,
    budget: Budget = None,
    max_time: MaxTime = None,
    until_ci: Until = None,
    stop_when_decided: Decided = False,
    baseline: Baseline = None,
    margin: Margin = None,
    dry_run: DryRun = False,
    price_table: PriceTable = None,
    batch: Batch = False,
    elicitation: Elicit = None,
    model_arg: ModelArgs = None,
    reasoning_effort: Effort = None,
    report: Report = None,
    fail_on_error: Unscored = 0.2,
    display: Shown = "full",
    json: Json = False,
) -> int:
    """Evaluate models on causal questions; the same command again goes on where it stopped."""
    from causal_eval.cli import budgeting, evaluating
    from causal_eval.cli.flags import split
    from causal_eval.service.answering import Call, parse_arguments

    arguments = parse_arguments(model_arg or (), reasoning_effort)
    call = Call(
        max_connections, temperature, max_tokens, timeout, max_retries, elicitation, arguments, rpm, tpm, cache, batch
    )
    return evaluating.run(
        evaluating.Order(
            models=split(model), call=call, suite=suite, questions=questions, limit=limit, epochs=epochs, seed=seed,
            report=report, fail_on_error=fail_on_error, display=display, json=json,
            caps=budgeting.caps(budget, max_time), dry_run=dry_run, price_table=price_table,
            stop=stopping.stopping(until_ci, decided=stop_when_decided, baseline=baseline, margin=margin),
        )
    )  # fmt: skip


app.command(name="run", hidden=True)(evaluate)


@app.command()
def resume(
    run: RunId,
    max_connections: Connections = None,
    timeout: Timeout = 120.0,
    max_retries: Retries = 4,
    rpm: Rpm = None,
    tpm: Tpm = None,
    cache: Cache = None,
    budget: Budget = None,
    max_time: MaxTime = None,
    dry_run: DryRun = False,
    price_table: PriceTable = None,
    batch: Batch = False,
    cancel_batches: Annotated[
        bool, typer.Option("--cancel-batches", help="Stop open batches, keep what they did, ask nothing.")
    ] = False,
    report: Report = None,
    fail_on_error: Unscored = 0.2,
    display: Shown = "full",
    json: Json = False,
) -> int:
    """Go on with a stored run: ask what is missing, and only that."""
    from causal_eval.cli import budgeting, evaluating, runs
    from causal_eval.service.answering import Call

    call = Call(
        max_connections=max_connections, timeout=timeout, max_retries=max_retries, rpm=rpm, tpm=tpm, cache=cache,
        batch=batch or cancel_batches, cancel=cancel_batches,
    )  # fmt: skip
    order = evaluating.Order(
        (), call, report=report, fail_on_error=fail_on_error, display=display, json=json,
        caps=budgeting.caps(budget, max_time), dry_run=dry_run, price_table=price_table,
    )  # fmt: skip
    return runs.resume(run, call, order)


@app.command()
def show(run: RunId, report: Wanted = None, json: Json = False) -> int:
    """Show a stored run's table again, and write its report to --report FILE."""
    from causal_eval.cli import runs

    return runs.show(run, report=report, json=json)


@app.command()
def rescore(run: RunId, report: Wanted = None, json: Json = False) -> int:
    """Judge every stored reply again by this version's scorer, without any model."""
    from causal_eval.cli import runs

    return runs.rescore(run, report=report, json=json)


app.add_typer(cache_app, name="cache")
app.add_typer(ctl_app, name="ctl")
app.add_typer(domains_app, name="domains")
app.add_typer(suite_app, name="suite")
for _door in (
    listing, comparing, diagnosing, stopping, trending, operating, responding, announcing, standing, logs, databases,
    backups, switching, reaching, runbooks, contaminating, reports, planning, adaptive, calibrating,
):  # fmt: skip
    _door.add_to(app)


@app.command()
def doctor(
    model: Annotated[list[str] | None, typer.Option("--model", "-m", help="Also call this model once.")] = None,
    json: Json = False,
) -> int:
    """Check settings, keys, endpoints, database and disk, and say what to do."""
    from causal_eval.cli import doctor as checks
    from causal_eval.cli.flags import split

    return checks.doctor(split(model), json=json)


@app.command()
def demo(
    questions: Annotated[int, typer.Option("--n", "-n", min=1, help="How many questions.")] = 240,
    confidence: Annotated[bool, typer.Option("--confidence", help="They also say how sure they are.")] = False,
    report: Report = None,
    json: Json = False,
) -> int:
    """Offline, no key, under ten seconds: two scripted models, a paired verdict, the report."""
    from causal_eval.cli import demo as demonstration

    return demonstration.demo(questions=questions, confidence=confidence, report=report, json=json)


@app.command(name="mock-server")
def mock_server(
    questions: Annotated[
        Path | None, typer.Option("--questions", "-q", help="Answer this file's questions ...")
    ] = None,
    skill: Annotated[
        float, typer.Option(min=0.0, max=1.0, callback=number, help="... and get this share of them right.")
    ] = 1.0,
    script: Annotated[Path | None, typer.Option(help="Or give these replies in order: a JSON list of texts.")] = None,
    reply: Annotated[str, typer.Option(help="Reply to everything else.")] = "ANSWER: yes",
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            help="MODE[:every=N,first=N,chance=P,seconds=S,bytes=N,skew=S]; repeated; modes: " + ", ".join(Mode) + ".",
        ),
    ] = None,
    latency: Annotated[float, typer.Option(min=0.0, callback=number, help="Seconds before each answer.")] = 0.0,
    key: Annotated[str, typer.Option(envvar="CEB_MOCK_KEY", help="Demand this key.")] = "",
    seed: Annotated[str, typer.Option(help="Decides what is known and which requests a chance hits.")] = "0",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 = any free port.")] = 8399,
    share_port: Annotated[
        bool, typer.Option(help="Another that does so too may take over there, without a gap.")
    ] = False,
    scenario: Annotated[Path | None, typer.Option(help="TOML: keys, phases by time and number, batches.")] = None,
    record: Annotated[Path | None, typer.Option(help="Append a line of JSON for every request.")] = None,
    tls: Annotated[str, typer.Option(help="Serve https: self-signed or expired.")] = "",
    json: Json = False,
) -> int:
    """Serve the APIs of OpenAI, Anthropic, Google and Azure at a given skill, with faults: to test harnesses."""
    from causal_eval.cli import mock

    order = mock.Serving(
        questions=questions, skill=skill, script=script, reply=reply, faults=tuple(fault or ()), latency=latency,
        key=key, seed=seed, host=host, port=port, shares_port=share_port, scenario=scenario, record=record, tls=tls,
    )  # fmt: skip
    return mock.serve(order, json=json)
