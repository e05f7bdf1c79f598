"""Question files: ours and a user's own are read one line at a time; what cannot be read is named by line and field."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from tests.asked import asked

from causal_eval.errors import MalformedFile
from causal_eval.questions.file import SetHash, public, read_questions, write_jsonl, write_parquet
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import CANARY, GENERATOR, AnswerKind, AnswerSpec, Question

OWN = {"id": "a", "prompt": "How much?", "answer": "number", "gold": 0.35}


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


def question(number: int) -> Question:
    return asked(
        f"q-{number}", family="custom", kind="custom", rung=0, difficulty=0, prompt=f"Prompt {number}",
        generator=GENERATOR,
    )  # fmt: skip


def test_four_fields_suffice(tmp_path: Path) -> None:
    """A user's own file needs id, prompt, answer and gold; the rest has honest defaults."""
    (found,) = read_questions(write(tmp_path / "q.jsonl", OWN))
    assert (found.id, found.gold, found.family, found.cluster) == ("a", "7/20", "custom", "a")
    assert found.answer == AnswerSpec(AnswerKind.NUMBER)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """A set survives the file unchanged, and its hash is that of the questions read back."""
    questions = [question(number) for number in range(5)]
    digest = write_jsonl(questions, tmp_path / "q.jsonl")
    again = list(read_questions(tmp_path / "q.jsonl"))
    assert again == questions
    fresh = SetHash()
    for one in again:
        fresh.add(one)
    assert fresh.hexdigest() == digest


def test_a_public_file_holds_no_answer(tmp_path: Path) -> None:
    """``--public`` puts gold and certificate into the other file; both have the same set hash."""
    write_jsonl([question(1)], tmp_path / "q.jsonl", gold=tmp_path / "q.gold.jsonl")
    (shown,) = read_questions(tmp_path / "q.jsonl")
    (private,) = read_questions(tmp_path / "q.gold.jsonl")
    assert shown.gold is None
    assert private.gold == "yes"


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    """A generator that fails in the middle leaves no file behind."""

    def broken() -> object:
        yield question(1)
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        write_jsonl(broken(), tmp_path / "q.jsonl")  # type: ignore[arg-type]  # a generator of questions
    assert list(tmp_path.iterdir()) == []


def own(kind: str, gold: object, *items: str) -> dict[str, object]:
    """A user's question of a kind with items."""
    return {**OWN, "answer": {"kind": kind, "items": items}, "gold": gold}


def test_numbers_of_gold_are_in_lowest_terms(tmp_path: Path) -> None:
    """However a user writes the numbers of a vector or an interval, they are kept as fractions."""
    rows = [own("numbers", {"NDE": 0.25}, "NDE"), {**own("interval", ["0.20", "2/4"]), "id": "b"}]
    golds = [one.gold for one in read_questions(write(tmp_path / "q.jsonl", *rows))]
    assert golds == [{"NDE": "1/4"}, ["1/5", "1/2"]]


@pytest.mark.parametrize(
    ("rows", "line", "field", "words"),
    [
        (["{"], 1, None, "not a JSON object"),
        (["[1, 2]"], 1, None, "got `array`"),
        ([{**OWN, "prompt": " "}], 1, "prompt", "nothing to ask"),
        ([{**OWN, "answer": "nmber"}], 1, "answer", "known are number, yes_no"),
        ([OWN, {**OWN, "id": "a"}], 2, None, "duplicate id 'a'"),
        ([OWN, {"id": "b", "answer": "number", "gold": 1}], 2, "prompt", "missing"),
        ([{**OWN, "answer": "essay"}], 1, "answer", "essay"),
        ([{**OWN, "gold": "much"}], 1, "gold", "expected a number"),
        ([{**OWN, "answer": "yes_no", "gold": "maybe"}], 1, "gold", "maybe"),
        ([{**OWN, "answer": {"kind": "choice", "options": ["x", "y"]}, "gold": "z"}], 1, "gold", "options"),
        ([{**OWN, "answer": {"kind": "set", "items": ["x"]}, "gold": [["y"]]}], 1, "gold", "items"),
        ([{**OWN, "answer": {"kind": "labels", "items": ["x"], "options": ["l"]}, "gold": {}}], 1, "gold", "label"),
        ([own("numbers", {"a": "1"}, "a", "b")], 1, "gold", "each of"),
        ([own("numbers", {"a": "1", "b": "x"}, "a", "b")], 1, "gold", "expected a number"),
        ([own("interval", ["1"])], 1, "gold", "two ends"),
        ([own("interval", ["1/2", "1/3"])], 1, "gold", "swap"),
        ([own("graph", [["a", "b"]], "a", "b")], 1, "gold", "directed"),
        ([own("graph", {"directed": [["a", "c"]], "undirected": []}, "a", "b")], 1, "gold", "items"),
        ([own("graph", {"directed": [["a", "b"]], "undirected": [["b", "a"]]}, "a", "b")], 1, "gold", "joined once"),
        ([own("order", ["a"], "a", "b")], 1, "gold", "once"),
        ([own("formula", "P(y)", "y")], 1, "gold", "formula"),
        ([own("formula", {"formula": None, "graph": {"nodes": ["x"]}, "query": {}}, "y")], 1, "gold", "nodes"),
        ([{**OWN, "gold": "1e999999999"}], 1, "gold", "expected a number"),
        ([{**OWN, "answer": {"kind": "number", "tolerance": "1e999999999"}}], 1, "answer.tolerance", "too long"),
        ([{**OWN, "answer": {"kind": "labels", "items": ["x"]}, "gold": {"x": ["l"]}}], 1, "gold", "got"),
        ([{**OWN, "answer": {"kind": "labels"}, "gold": {}}], 1, "gold", "one at least"),
        ([{**OWN, "answer": {"kind": "sets", "items": ["x"]}, "gold": [[["x"]]]}], 1, "gold", "lists of names"),
        ([{**OWN, "answer": "text", "gold": [1]}], 1, "gold", "expected a text"),
        ([own("order", [1, 2], "1", "2")], 1, "gold", "once"),
        ([{**OWN, "generator": "0.0"}], 1, "generator", "another|anew"),
        ([{**OWN, "prompt": 3}], 1, "prompt", "str"),
    ],
)  # fmt: skip
def test_bad_lines_are_named(tmp_path: Path, rows: list[object], line: int, field: str | None, words: str) -> None:
    """The message holds file, line number and field."""
    path = write(tmp_path / "q.jsonl", *rows)
    with pytest.raises(MalformedFile, match=words) as caught:
        list(read_questions(path))
    assert (caught.value.line, caught.value.field) == (line, field)
    assert f"{path}:{line}" in str(caught.value)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    """A set without questions is an error, not a score."""
    with pytest.raises(MalformedFile, match="holds no question"):
        list(read_questions(write(tmp_path / "q.jsonl", "")))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """The message names the path."""
    with pytest.raises(MalformedFile, match="nowhere"):
        list(read_questions(tmp_path / "nowhere.jsonl"))


def test_parquet_holds_the_same_questions(tmp_path: Path) -> None:
    """A set written as Parquet is read back unchanged, proofs included, under the same set hash."""
    questions = list(generate(Plan(n=12, seed="parquet")))
    digest = write_parquet(questions, tmp_path / "q.parquet")
    assert list(read_questions(tmp_path / "q.parquet")) == questions
    assert write_jsonl(questions, tmp_path / "q.jsonl") == digest
    assert list(read_questions(tmp_path / "q.jsonl")) == questions


def test_every_row_of_a_parquet_file_has_the_canary(tmp_path: Path) -> None:
    """Whole or public, read by whatever reads columns; a public one has nothing in its answers and proofs."""
    questions = list(generate(Plan(n=6, seed="parquet")))
    for name, given in (("whole", questions), ("public", [public(one) for one in questions])):
        write_parquet(given, tmp_path / f"{name}.parquet")
        table = pl.read_parquet(tmp_path / f"{name}.parquet")
        assert table["canary"].to_list() == [CANARY] * 6
        assert table["gold"].null_count() == table["certificate"].null_count() == (6 if name == "public" else 0)


def test_what_is_no_parquet_file_is_said_to_be_none(tmp_path: Path) -> None:
    """A file that only its name makes Parquet gets one line, as does a folder that cannot take one; nothing is left."""
    broken = tmp_path / "q.parquet"
    broken.write_text("junk")
    with pytest.raises(MalformedFile, match="no Parquet file"):
        list(read_questions(broken))
    with pytest.raises(MalformedFile, match="cannot be written"):
        write_parquet([question(1)], tmp_path / "missing" / "q.parquet")
    assert list(tmp_path.iterdir()) == [broken]
