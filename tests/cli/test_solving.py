"""`causal-eval solve`: whatever one case is, the others get their answers, and the exit code tells the worst."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from causal_eval.cli.solving import solve_file
from causal_eval.errors import MalformedFile, VerificationMismatch
from causal_eval.service.solving import solved_case

GRAPH = {"nodes": ["a", "b", "c"], "directed": [["a", "b"], ["b", "c"]]}
GOOD: dict[str, Any] = {"id": "good", "graph": GRAPH, "query": {"kind": "dsep", "X": "a", "Y": "c", "Z": ["b"]}}


def solved(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> tuple[int, list[dict[str, Any]]]:
    """The exit code, and what is printed."""
    file = tmp_path / "cases.json"
    file.write_text(text, "utf-8")
    code = solve_file(str(file), json=True, check=False)
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_that_is_no_json_is_one_malformed_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says its number; a file whose first line is none is no file of cases."""
    good = json.dumps(GOOD)
    code, told = solved(tmp_path, capsys, f"{good}\n\n{{broken\n{good}\n")
    assert code == 2
    assert [one.get("answer") for one in told] == [True, None, True]
    assert "cases.json:3: not JSON" in told[1]["error"]["message"]
    with pytest.raises(MalformedFile, match="not JSON"):
        solved(tmp_path, capsys, "{broken\n" + good)


@pytest.mark.parametrize(
    ("whole", "answers"),
    [
        (GOOD, [True]),
        ([GOOD, GOOD], [True, True]),
        ([GOOD, 3, None, "x", []], [True, None, None, None, None]),
        ({"cases": [GOOD | {"graph": {"model": "m"}}], "models": {"m": GRAPH}}, [True]),
        ({"cases": [GOOD | {"graph": {"model": "n"}}], "models": {"m": GRAPH}}, [None]),
        ({"cases": [GOOD], "models": None}, [True]),
        ({"cases": []}, []),
        ([], []),
    ],
)
def test_a_file_holds_cases_in_any_of_four_ways(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], whole: Any, answers: list[Any]
) -> None:
    """One object, a list, an object with `cases` and perhaps `models`; lines are above."""
    code, told = solved(tmp_path, capsys, json.dumps(whole))
    assert [one.get("answer") for one in told] == answers
    assert code == (2 if None in answers else 0)


@pytest.mark.parametrize("whole", [{"cases": 3}, {"cases": [GOOD], "models": [GRAPH]}])
def test_a_file_of_another_shape_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], whole: dict[str, Any]
) -> None:
    """And says what the two fields hold."""
    with pytest.raises(MalformedFile, match='"cases" is a list of cases'):
        solved(tmp_path, capsys, json.dumps(whole))


def test_a_mark_of_byte_order_is_passed_over_and_other_encodings_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As editors on Windows write it."""
    assert solved(tmp_path, capsys, "\ufeff" + json.dumps(GOOD))[0] == 0
    file = tmp_path / "latin.json"
    file.write_bytes(json.dumps(GOOD | {"id": "é"}, ensure_ascii=False).encode("latin-1"))
    with pytest.raises(MalformedFile, match="not UTF-8"):
        solve_file(str(file), json=True, check=False)


@pytest.mark.parametrize(
    ("error", "kind", "expected"),
    [
        (KeyError("x"), "bug", 1), (RecursionError(), "bug", 1), (AssertionError(), "bug", 1),
        (VerificationMismatch("two answers"), "verification_mismatch", 8),
    ],
)  # fmt: skip
def test_a_mistake_of_ours_costs_one_case(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: Exception, kind: str,
    expected: int,
) -> None:  # fmt: skip
    """It is said to be one, and the next case is answered."""

    def failing(case: Any, *, check: bool) -> dict[str, Any]:
        if case["id"] == "bad":
            raise error
        return solved_case(case, check=check)

    monkeypatch.setattr("causal_eval.cli.solving.solved_case", failing)
    code, told = solved(tmp_path, capsys, json.dumps([GOOD | {"id": "bad"}, GOOD]))
    assert code == expected
    assert (told[0]["error"]["kind"], told[1]["answer"]) == (kind, True)


def test_experiments_over_strata_are_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second solver, which cannot list the corners there, gives the same bounds as the first."""
    edges = [["Z", "X"], ["Z", "Y"], ["X", "Y"]]
    graph = {"nodes": ["Z", "X", "Y"], "directed": edges, "bidirected": [["X", "Y"]]}
    table = {f"{z},{x},{y}": "1/5" if x == y else "1/20" for z in (0, 1) for x in (0, 1) for y in (0, 1)}
    told = [{"do": {"X": x}, "event": {"Y": 1, "Z": z}, "probability": "1/4"} for x in (0, 1) for z in (0, 1)]
    query = {"distribution": {"variables": ["Z", "X", "Y"], "table": table}, "experiments": told}
    cases = [{"graph": graph, "query": {"kind": kind, "X": "X", "Y": "Y", **query}} for kind in ("pn", "ps", "pns")]
    file = tmp_path / "cases.json"
    file.write_text(json.dumps(cases), "utf-8")
    assert solve_file(str(file), json=True, check=True) == 0
    answers = [json.loads(line)["answer"] for line in capsys.readouterr().out.splitlines()]
    assert answers == [["0", "1/4"], ["0", "1/4"], ["0", "1/5"]]  # by hand, in either stratum (Tian and Pearl 2000)
