"""Imaginary answerers: they make one mistake with a known probability, and guess where they make none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from causal_eval.analysis.diagnosis.classes import class_of
from causal_eval.analysis.diagnosis.matching import mistakes_of
from causal_eval.analysis.diagnosis.miss import Miss, Wrong, read_miss
from causal_eval.evaluation.baselines.fit import Fitted
from causal_eval.evaluation.baselines.shortcuts import random
from causal_eval.questions.question import AnswerKind, Question
from causal_eval.scoring.format import example
from causal_eval.scoring.grade import judge
from causal_eval.scoring.verdict import Mark
from causal_eval.seeds import Stream

_NOTHING = Fitted({}, {}, {})


def makes(question: Question, key: str, *, stream: Stream) -> Any:
    """The answer of a mistake of the class *key*; None where none can be made."""
    answers = [one.answer for one in mistakes_of(question) if class_of(one.name, family=question.family) == key]
    if not answers:
        return None
    answer = stream.choice(answers)
    return [stream.choice(answer)] if question.answer.kind is AnswerKind.SET and answer else answer


def guesses(question: Question, *, seed: str) -> Wrong | None:
    """A random wrong answer; None where twenty draws were right."""
    for draw in range(20):
        answer = random(replace(question, id=f"{question.id}/{seed}/{draw}"), _NOTHING)
        said = judge(f"ANSWER: {example(question.answer, answer)}", "stop", question=question)
        if said.mark in (Mark.WRONG, Mark.PARTIAL):
            return Wrong(question, 0, said.answer)
    return None


def misses(questions: Iterable[Question], key: str, *, percent: int, seed: str) -> Iterator[tuple[Miss, bool]]:
    """What somebody gets wrong who makes the mistake with that probability, and whether it was made."""
    for question in questions:
        stream = Stream("answering", seed, question.id)
        answer = makes(question, key, stream=stream) if stream.chance(percent, 100) else None
        guess = guesses(question, seed=seed) if answer is None else Wrong(question, 0, answer)
        if guess is not None:
            yield read_miss(guess), answer is not None
