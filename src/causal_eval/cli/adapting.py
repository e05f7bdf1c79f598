"""``causal-eval adapt``: the next questions by what is known of a model, and what that foretells."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import msgspec

from causal_eval.analysis.adaptive.calibration import Calibration
from causal_eval.analysis.adaptive.calibration import calibrate as fitted
from causal_eval.analysis.adaptive.dials import Response, responses, summed
from causal_eval.analysis.adaptive.selection import Ability, ability, choose, counted, predicted
from causal_eval.analysis.numbers import ends, percent
from causal_eval.cli import output
from causal_eval.cli.opening import opened
from causal_eval.errors import MalformedFile, UsageError
from causal_eval.questions.file import write_jsonl
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.settings import Setting, asked
from causal_eval.store.evaluations import find_evaluation
from causal_eval.store.observations import observations


def calibrate(runs: Sequence[str], *, out: Path, json: bool) -> int:
    """Find how hard each family, kind, regime and size is, from stored runs of several models."""
    found = list(summed(_stored(runs)))
    known = fitted(found)
    output.save(msgspec.json.encode([asdict(one) for one in found]).decode() + "\n", out)
    if json:
        line = {"weights": dict(known.weights), "abilities": dict(known.abilities), "settings": len(known.mix)}
        output.emit({"event": "calibration", **line, "file": str(out)})
        return 0
    for name, value in sorted(known.weights.items(), key=lambda one: -abs(one[1]))[:20]:
        output.say(f"{name:40} {value:+.2f} logits harder")
    for name, value in known.abilities.items():
        output.say(f"ability of {name}: {value:+.2f}")
    output.say(f"calibration of {len(known.mix)} settings of the dials in {out}")
    return 0


def following(calibration: Path, runs: Sequence[str], *, out: Path, n: int, seed: str, json: bool) -> int:
    """Write the questions that say most about the model next, fresh and proven; say what is known of it."""
    if out.suffix != ".jsonl":
        raise UsageError(f"--out is {str(out)!r}: the name must end in .jsonl")
    known, found = _read(calibration), list(_stored(runs))
    if len({one.answerer for one in found}) > 1:
        raise UsageError("runs are of several models: name those of one")
    at = ability(found, known)
    own = hashlib.sha256("\n".join(sorted(runs)).encode()).hexdigest()[:8]
    chosen = counted(choose(known, at.estimate, n=n, seed=f"{seed}/{own}"))
    settings = tuple(Setting(dial.kind, dial.regime, dial.size, groups) for dial, groups in chosen)
    plan = Plan(asked(settings), f"adapt/{seed}/{own}", settings=settings)
    with output.writing(out):
        digest = write_jsonl(generate(plan), out)
    _say(at, known, json=json)
    if json:
        told = [asdict(one) for one in settings]
        output.emit({"event": "next", "file": str(out), "set": digest, "settings": told})
    else:
        output.say(f"{n} twin groups of {len(chosen)} settings in {out}")
    return 0


def told(runs: Sequence[str], calibration: Path, *, json: bool) -> int:
    """Say what is known of a model: its ability, and the score that this foretells over the calibration's mix."""
    found = list(_stored(runs))
    if len({one.answerer for one in found}) > 1:
        raise UsageError("runs are of several models: name those of one")
    known = _read(calibration)
    _say(ability(found, known), known, json=json)
    return 0


def _say(at: Ability, known: Calibration, *, json: bool) -> None:

    score = predicted(at, known)
    if json:
        line = {"ability": at.estimate, "se": at.se, "clusters": at.clusters}
        foretold = {"score": score.estimate, "low": score.low, "high": score.high}
        output.emit({"event": "ability", **line, "predicted": foretold})
        return
    output.say(f"ability {at.estimate:+.2f} logits, standard error {at.se:.2f}, after {at.clusters:g} clusters")
    output.say(f"foretells {percent(score.estimate)} {ends(score)} over the calibration's mix, if the model fits")


def _stored(runs: Iterable[str]) -> Iterator[Response]:

    with opened() as store:
        for run in runs:
            yield from responses(observations(store, find_evaluation(store, run)))


def _read(path: Path) -> Calibration:

    try:
        return fitted(msgspec.json.decode(path.read_bytes(), type=list[Response]))
    except OSError as error:
        raise UsageError(f"--calibration is {str(path)!r}: it cannot be read ({error.strerror or error})") from error
    except msgspec.MsgspecError as error:
        raise MalformedFile(str(path), f"it is no calibration ({error}); `adapt calibrate` writes one") from error
