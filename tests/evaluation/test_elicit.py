"""Ways of asking: what a provider is sent, and that a continued reply reads like any other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from causal_eval.errors import UnknownName
from causal_eval.evaluation.attempt import Ask
from causal_eval.evaluation.elicit import (
    ELICITATIONS,
    Confidence,
    Direct,
    Elicitation,
    Example,
    FewShot,
    Prompted,
    Reason,
    Sampling,
    elicitation,
)
from causal_eval.providers.provider import Failure, FailureKind, Message, Outcome, Prompt, Reply
from causal_eval.questions.question import Question
from causal_eval.scoring.format import grammar, instruction
from causal_eval.scoring.grade import judge
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Question]
EXAMPLES = {("effect", "ate"): [Example("Worked one?", "no"), Example("Worked two?", "yes")]}


class Echo:
    """A provider that returns one outcome and remembers its prompts."""

    name = "echo/one"

    def __init__(self, outcome: Outcome) -> None:
        self.prompts: list[Prompt] = []
        self.closed = False
        self._outcome = outcome

    async def complete(self, prompt: Prompt) -> Outcome:
        self.prompts.append(prompt)
        return self._outcome

    async def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("way", "words"),
    [
        (Direct(), "without reasoning"),
        (Reason(), "step by step"),
        (Confidence(), "CONFIDENCE: <a number from 0 to 100>"),
    ],
)
def test_chat_ways_end_with_the_form_of_the_answer(make_question: Make, way: Elicitation, words: str) -> None:
    """One user turn: the question as it is printed, how to think, and exactly how the last line must look."""
    question = make_question(1)
    asked = way.ask(question)
    assert [message.role for message in asked.messages] == ["user"]
    content = asked.messages[0].content
    assert content.startswith(question.prompt)
    assert words in content
    assert content.endswith(instruction(question.answer))
    assert asked.grammar == ""


def test_worked_examples_end_in_an_open_answer(make_question: Make) -> None:
    """A base model sees the examples of the question's kind, the question and ``ANSWER:``, and is held to a grammar."""
    question = make_question(1)
    asked = FewShot(EXAMPLES).ask(question)
    assert asked.text.startswith(asked.prefix)
    assert asked.prefix.count("ANSWER:") == 2
    assert asked.text.endswith(f"{question.prompt}\nANSWER:")
    assert asked.grammar == grammar(question.answer)
    assert asked.messages[:2] == (Message("user", "Worked one?"), Message("assistant", "ANSWER: no"))


def test_without_examples_the_form_is_stated(make_question: Make) -> None:
    """A kind without worked examples is told in words how to answer."""
    question = make_question(1, kind="other")
    asked = FewShot(EXAMPLES).ask(question)
    assert asked.prefix == ""
    assert instruction(question.answer) in asked.text


def test_labels_change_with_the_examples() -> None:
    """Other examples are another way of asking and therefore another run; the same ones are not."""
    assert FewShot(EXAMPLES).label == FewShot(dict(EXAMPLES)).label
    assert FewShot(EXAMPLES).label != FewShot({("effect", "ate"): [Example("Worked one?", "yes")]}).label
    assert (Direct().label, Reason().label, Confidence().label) == ("direct@1", "reason@1", "confidence@1")


def test_ways_have_names() -> None:
    """A way is chosen by name; an unknown one is refused with the known."""
    assert elicitation("direct") == Direct()
    assert elicitation("reason") == Reason()
    assert elicitation("confidence") == Confidence()
    assert [elicitation(name).label.partition("@")[0] for name in ELICITATIONS] == list(ELICITATIONS)
    assert isinstance(elicitation("few-shot", EXAMPLES), FewShot)
    with pytest.raises(UnknownName, match="reason"):
        elicitation("reasn")


@pytest.mark.anyio
@pytest.mark.parametrize("text", [" yes\n", "yes", "ANSWER: yes", "I think.\nAnswer: yes"])
async def test_a_continued_reply_reads_like_any_other(make_question: Make, text: str) -> None:
    """What continues ``ANSWER:`` is given that beginning back, what repeats it is left alone; both are read."""
    question = make_question(1)
    outcome = await Prompted(Echo(Reply(text)), FewShot(EXAMPLES)).answer(Ask(question))
    assert isinstance(outcome, Reply)
    verdict = judge(outcome.text, outcome.finish, question=question)
    assert verdict.mark is Mark.CORRECT
    assert outcome.text.upper().count("ANSWER:") == 1


@pytest.mark.anyio
async def test_other_replies_and_failures_pass_unchanged(make_question: Make) -> None:
    """A chat reply and a failure come back exactly as the provider gave them."""
    for outcome in (Reply("so\nANSWER: no"), Reply("nothing"), Failure(FailureKind.TIMEOUT, "late")):
        assert await Prompted(Echo(outcome), Reason()).answer(Ask(make_question(1))) is outcome


@pytest.mark.anyio
async def test_samples_differ_in_seed_and_number(make_question: Make) -> None:
    """Each sample has its own seed, so that several are not copies; without a seed none is sent."""
    provider = Echo(Reply("ANSWER: yes"))
    prompted = Prompted(provider, Reason(), Sampling(max_tokens=7, temperature=0.5, top_p=0.9, seed=40))
    await prompted.answer(Ask(make_question(1), 2))
    sent = provider.prompts[0]
    assert (sent.max_tokens, sent.temperature, sent.top_p, sent.seed, sent.sample) == (7, 0.5, 0.9, 42, 2)
    await Prompted(provider, Reason()).answer(Ask(make_question(1), 2))
    assert provider.prompts[1].seed is None
    assert prompted.name == "echo/one"
    await prompted.close()
    assert provider.closed
