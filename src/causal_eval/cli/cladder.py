"""``causal-eval cladder``: what CLadder published, computed again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec

from causal_eval.causal.cladder import Published, golds
from causal_eval.cli import output
from causal_eval.errors import MalformedFile

MODELS, QUESTIONS = "test-model-meta.json", "test-generate-easy.json"
_Rows = list[dict[str, object]]


def recompute(folder: Path, *, json: bool) -> int:
    """List every stored value that is wrong, and every gold answer that flips, with their counts.

    Raises:
        MalformedFile: the folder does not hold what CLadder's repository has under ``data``.
    """
    models = {model.number: model for model in map(Published, _rows(folder / MODELS))}
    values = [value for model in models.values() for value in model.checked()]
    wrong = [value for value in values if not value.right]
    gold = list(golds(models, _rows(folder / QUESTIONS)))
    flipped = [one for one in gold if one.flips or one.turns]
    for value in wrong:
        told = {"model": value.model, "graph": value.graph, "value": value.name, "stored": float(value.stored)}
        _line(told | {"exact": float(value.exact), "fraction": str(value.exact)}, json=json)
    for one in flipped:
        told = {"question": one.question, "model": one.model, "asked": one.asked, "gold": one.answer}
        _line(told | {"stored": float(one.stored), "exact": float(one.exact), "flips": one.flips}, json=json)
    by_graph = Counter(value.graph for value in wrong)
    counts = {"models": len(models), "values": len(values), "wrong": len(wrong), "by_graph": dict(by_graph)}
    flips = sum(one.flips for one in flipped)
    counts |= {"gold": len(gold), "flipped": flips, "other_sign": len(flipped)}
    if json:
        output.emit(counts)
    else:
        output.say(
            f"{len(wrong)} of {len(values)} stored values of {len(models)} models are wrong; of "
            f"{len(gold)} gold answers {flips} flip, and {len(flipped)} hang on a value of the other sign"
        )
    return 0


def _line(told: Mapping[str, object], *, json: bool) -> None:
    if json:
        output.emit(dict(told))
    else:
        output.say("  ".join(f"{name} {value}" for name, value in told.items() if name != "fraction"))


def _rows(path: Path) -> _Rows:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Rows)
    except OSError as error:
        raise MalformedFile(str(path), f"cannot be read ({error.strerror}); name CLadder's folder `data`") from error
    except msgspec.DecodeError as error:
        raise MalformedFile(str(path), f"not CLadder's format: {error}") from error
