"""A checked set: one verdict, told alike as JSON, page and card, and heard of while it is looked at."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from causal_eval.analysis.suites.checked import check_set
from causal_eval.questions.distinct import published
from causal_eval.questions.file import SetHash
from causal_eval.questions.generate import Plan, generate

QUESTIONS = list(generate(Plan(n=12, seed="checked", families=("attribution",), difficulties=(2, 3))))


def test_a_set_is_told_of_alike_as_json_page_and_card() -> None:
    """Hash, verdict, chance and how many distinct groups a level can make stand in each."""
    digest, heard = SetHash(), list[int]()
    for question in QUESTIONS:
        digest.add(question)
    found = check_set(iter(QUESTIONS), told=heard.append)
    document = json.loads(json.dumps(found.document("mine")))
    assert (document["set"], document["questions"], document["sound"]) == (digest.hexdigest(), 12, True)
    (family,) = document["families"]
    most = published()["attribution", 2]
    assert family["distinct"]["2"] == most
    assert f"{most:,} twin groups" in found.page("Mine")
    assert document["card"] == found.card("mine")
    assert digest.hexdigest() in document["card"]
    assert heard[0] == 0
    assert heard[-1] == 12


def test_what_is_unsound_is_named() -> None:
    """A changed prompt makes its family unsound."""
    changed = replace(QUESTIONS[0], prompt=f"{QUESTIONS[0].prompt} Hurry.")
    assert check_set([changed, *QUESTIONS[1:]]).unsound == ["attribution"]


def test_whoever_hears_can_end_it() -> None:
    """What is raised there ends the looking at once."""

    def refuse(_: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        check_set(QUESTIONS, told=refuse)
