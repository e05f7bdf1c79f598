"""Dialogue: two speakers in turn, each with a statement or two; whoever is next asks the question."""

from __future__ import annotations

from collections.abc import Iterator

from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact
from causal_eval.questions.lexicon import Lexicon
from causal_eval.questions.renderers.sheet import Renderer, Sheet
from causal_eval.questions.renderers.story import portions, told

_TURN = (1, 3)
"""Statements in a turn."""


def _write(sheet: Sheet) -> str:
    grammar, layout, stream = sheet.lexicon.language.grammar, sheet.lexicon.language.layout, sheet.stream
    turns = [*portions(sheet.say(*sheet.statements), _TURN, stream=stream)]
    turns += [*filter(None, (sheet.say(*sheet.assumed), sheet.say(*sheet.listed)))]
    for turn in turns[1:]:
        if stream.chance(1, 3):
            turn.insert(0, stream.choice(layout.openers))
    speakers = stream.shuffled(stream.choice(layout.speakers))
    return "\n".join(
        [
            speakers[number % 2] + grammar.colon + grammar.space.join(turn)
            for number, turn in enumerate([*turns, sheet.say_last()])
        ]
    )


def _read(body: str, lexicon: Lexicon) -> Iterator[Fact]:
    lines = body.split("\n")
    speakers = next((pair for pair in _pairs(lexicon) if lines[0].startswith(pair[0])), None)
    if speakers is None:
        raise VerificationMismatch(f"nobody known speaks first: {lines[0]!r}")
    for number, line in enumerate(lines):
        speaker = speakers[number % 2]
        if not line.startswith(speaker):
            raise VerificationMismatch(f"it is not the turn of whoever says: {line!r}")
        yield from told(_unopened(line.removeprefix(speaker), lexicon), lexicon)


def _pairs(lexicon: Lexicon) -> Iterator[tuple[str, str]]:
    """Who speaks first and who second, with the colon."""
    colon = lexicon.language.grammar.colon
    for one, other in lexicon.language.layout.speakers:
        yield one + colon, other + colon
        yield other + colon, one + colon


def _unopened(turn: str, lexicon: Lexicon) -> str:
    for opener in lexicon.language.layout.openers:
        if turn.startswith(opener):
            return turn.removeprefix(opener + lexicon.language.grammar.space)
    return turn


DIALOGUE = Renderer(_write, _read)
