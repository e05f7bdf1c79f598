"""The command ``causal-eval`` (and its short alias ``ceb``): flags in, exit codes out."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import causal_eval
from causal_eval.errors import CausalEvalError, Interrupted, UsageError

NAMES = ("causal-eval", "ceb")
RARELY = (50_000, 20, 50)
"""How many new objects the collector of cycles waits for: a run makes many, and next to no cycle among them."""
VERSION_FLAGS = (["--version"], ["-V"])


def main() -> None:
    """Run one command and leave with its exit code; every known error is one line."""
    arguments = sys.argv[1:]
    if arguments in VERSION_FLAGS:
        sys.stdout.write(f"causal-eval {causal_eval.__version__}\n")
        return
    gc.set_threshold(*RARELY)
    code = run(arguments)
    gc.freeze()  # the process ends: nothing is worth looking for among what it leaves behind
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """The exit code of one command line; nothing but a bug raises."""
    from causal_eval.cli import output  # start-up time of --version

    json = "--json" in arguments
    try:
        return _invoke(arguments)
    except CausalEvalError as error:
        return output.fail(error, json=json)
    except KeyboardInterrupt:
        return output.fail(Interrupted("interrupted; nothing was left half-written"), json=json)
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone; nothing is left to say
        return 0


def _invoke(arguments: list[str]) -> int:
    import typer

    from causal_eval.cli.commands import app

    try:
        result = typer.main.get_command(app).main(args=arguments, prog_name=_name(), standalone_mode=False)
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    except typer.TyperException as error:
        if not arguments:
            return 2  # the help was shown
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else _name()
        raise UsageError(f"{error.format_message()} (see `{command} --help`)") from error
    return result if isinstance(result, int) else 0


def _name() -> str:
    """The name that was typed: shell completion belongs to one name and to no other."""
    typed = Path(sys.argv[0]).name
    return typed if typed in NAMES else NAMES[0]
