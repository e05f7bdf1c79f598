"""CLadder's stored values are computed again; how many are wrong is what was found, and known in public."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest

from causal_eval.causal.calculator import answered_again
from causal_eval.causal.cladder import Gold, Published, golds
from causal_eval.cli.cladder import recompute
from causal_eval.errors import MalformedCase, MalformedFile

FORK: dict[str, Any] = {
    "model_id": 7,
    "graph_id": "fork",
    "params": {"p(Z)": 0.5, "p(X | Z)": [0.25, 0.75], "p(Y | Z, X)": [[0.1, 0.3], [0.6, 0.9]]},
    "groundtruth": {"ATE(Y | X)": 0.25, "P(Y=1 | X=1)": 0.75, "P(Z=1)": 0.5, "P(Y=1)": 0.4},
}
ASKED: dict[str, Any] = {
    "question_id": 1,
    "answer": "yes",
    "meta": {"model_id": 7, "query_type": "marginal", "groundtruth": 0.6},
}


def test_values_of_a_small_model() -> None:
    """Those that are right are said to be, the other is shown with the exact one."""
    found = {one.name: one for one in Published(FORK).checked()}
    assert {name: one.right for name, one in found.items()} == dict.fromkeys(found, True) | {"P(Y=1)": False}
    assert found["P(Y=1)"].exact == Fraction(39, 80)
    with pytest.raises(MalformedCase, match="no value"):
        Published(FORK).value("Q(Y)")


def test_an_answer_flips_where_the_value_crosses_the_border() -> None:
    """An effect that rounds to nothing is nothing, by the rule of those who asked."""
    model = Published(FORK)
    (one,) = golds({7: model}, [ASKED, ASKED | {"meta": ASKED["meta"] | {"groundtruth": []}}])
    assert one.flips
    small = Gold(1, 7, "ate", "no", Fraction(-1, 1000), Fraction(1, 1000))
    assert (small.flips, small.turns) == (False, True)


def test_what_is_no_folder_of_theirs_is_named(tmp_path: Path) -> None:
    """By file, with what to do."""
    with pytest.raises(MalformedFile, match=r"test-model-meta\.json.*name CLadder's folder"):
        recompute(tmp_path, json=False)
    (tmp_path / "test-model-meta.json").write_text("{", "utf-8")
    with pytest.raises(MalformedFile, match="not CLadder's format"):
        recompute(tmp_path, json=False)


@pytest.mark.slow
def test_all_published_models(shared: Callable[[str], Any], root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """578 of 3,742 values are wrong, as was found in public; no gold answer here flips by CLadder's own rule.

    Wrong are P(Y=1) where causes of Y are dependent, and effects that take the mean of a mediator for its law. Four
    answers hang on a value of the other sign, which rounds to nothing. The second solver agrees on every twelfth model.
    """
    models = [Published(one) for one in shared("data/cladder/test-model-meta.json")]
    assert recompute(root.parent / "shared" / "data" / "cladder", json=True) == 0
    lines = [msgspec.json.decode(line) for line in capsys.readouterr().out.splitlines()]
    counts, wrong = lines[-1], [line for line in lines if "fraction" in line]
    assert (counts["models"], counts["values"], counts["wrong"]) == (396, 3742, 578)
    assert (counts["gold"], counts["flipped"], counts["other_sign"]) == (680, 0, 4)
    assert Counter(line["value"] for line in wrong)["P(Y=1)"] == 278
    for model in models[::12]:
        for name in ("ate", "ett"):
            case = model.case({"kind": name, "X": "X", "Y": "Y"})
            assert Fraction(answered_again(case)) == model.value(f"{name.upper()}(Y | X)")
