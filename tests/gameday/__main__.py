"""``python -m tests.gameday NAME ...|all``: drills, those with tools that are never shipped too.

``--scorecard FILE`` writes their results into it. ``--play NAME`` plays a round of a game first, on the same stack, and
``--out FOLDER`` says where its review is put.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path

from tests.gameday.rows import ALL

from causal_eval.cli import drilling, gaming, output
from causal_eval.errors import CausalEvalError
from causal_eval.gamedays.game import Turn, begin, play
from causal_eval.gamedays.plays import PLAYS
from causal_eval.gamedays.scorecard import table
from causal_eval.incidents.naming import RUNBOOK
from causal_eval.operations.drills.drill import run, undisturbed_by

ROOT = Path(__file__).resolve().parents[2]


def main(words: list[str]) -> int:
    """Carry out what *words* say."""
    parser = ArgumentParser(prog="python -m tests.gameday")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--scorecard", type=Path)
    parser.add_argument("--play")
    parser.add_argument("--out", type=Path, default=Path())
    said = parser.parse_args(words)
    try:
        if said.play:
            return play_first(said.play, said.names, out=said.out.absolute())
        return drilling.drill(said.names or ["all"], said.scorecard, json=False, known=ALL)
    except CausalEvalError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def play_first(name: str, names: list[str], *, out: Path) -> int:
    """A round in which nobody acknowledges until the next contact is told, then drills; 1 where one did not pass."""
    with gaming.stage(ROOT / RUNBOOK, out=out) as stage:
        wanted = undisturbed_by(stage.ground)
        begin(stage)
        played = play(Turn(1, PLAYS[name], acknowledges=False), stage, wanted=wanted, say=output.note)
        output.say("\n".join(table([played])))
        if played.problems:
            return 1
        for one in names:
            result = run(ALL[one], stage.ground, wanted=wanted, say=output.note)
            output.say(f"{result.name} {'; '.join(result.problems) or 'passed'}")
            output.flush()
            if result.problems:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
