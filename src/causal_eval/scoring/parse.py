"""A reply becomes an answer, read twice: leniently (the headline) and strictly as asked.

The order of trust: the asked-for last line; the last mark (``Answer:``, ``<answer>``, JSON); the last box; "the answer
is"; a reply or last line that is nothing but an answer; a statement that can only be meant as one. Different answers
at the same level are ambiguous. What cannot be read is never guessed.
"""

from __future__ import annotations

import re

from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.scoring import choices, edges, formulas, labels, marks, names, numbers, orders, sets, spans, vectors
from causal_eval.scoring.abstain import abstains, declines
from causal_eval.scoring.clean import clean, fold, unfenced
from causal_eval.scoring.confidence import unconfident
from causal_eval.scoring.reading import (
    AMBIGUOUS,
    BAD_FORMAT,
    NO_RESPONSE,
    TRUNCATED,
    Abstained,
    Answer,
    Parse,
    Ranking,
    Reader,
    Reading,
    Unparsed,
    agree,
)
from causal_eval.scoring.strip import strip_reasoning
from causal_eval.scoring.tail import corrected

MARK = "ANSWER:"
"""What the asked-for last line begins with."""

_READERS: dict[AnswerKind, Reader] = {
    AnswerKind.NUMBER: numbers.READER,
    AnswerKind.YES_NO: choices.YES_NO,
    AnswerKind.CHOICE: choices.CHOICE,
    AnswerKind.LABELS: labels.READER,
    AnswerKind.SET: sets.READER,
    AnswerKind.SETS: sets.READER,
    AnswerKind.TEXT: choices.TEXT,
    AnswerKind.NUMBERS: vectors.READER,
    AnswerKind.INTERVAL: spans.READER,
    AnswerKind.GRAPH: edges.READER,
    AnswerKind.ORDER: orders.READER,
    AnswerKind.FORMULA: formulas.READER,
}
_ITEMWISE = frozenset({AnswerKind.LABELS, AnswerKind.NUMBERS})
"""Kinds with a part of the answer for every item."""
_SEVERAL_LINES = _ITEMWISE | {AnswerKind.SET, AnswerKind.SETS, AnswerKind.GRAPH, AnswerKind.ORDER, AnswerKind.FORMULA}
"""Kinds whose answers people spread over lines."""
_CUT = frozenset({"length", "max_tokens"})
_DECLINED = frozenset({"content_filter", "refusal", "safety"})
_LONGEST_SCAN = 20_000
_LONGEST_LINE = 2_000
_MOST_LINES = 500
_BOLD = re.compile(r"\*\*([^*\n]{1,200})\*\*")


def parse(text: str, spec: AnswerSpec, *, finish: str = "stop") -> Parse:
    """The lenient and the strict reading of *text*; total over strings and deterministic.

    *finish* is the provider's word for why the reply ended: ``length`` means that it was cut off.
    """
    stripped = strip_reasoning(text)
    reply = stripped.text
    cut = finish in _CUT and not text.endswith("\n")
    if stripped.unfinished is not None and not reply.strip():
        # Only a last line exactly as asked for ends reasoning which was never closed.
        reply = _last_line(stripped.unfinished)
        if not isinstance(_strict(reply, spec), Answer):
            return _both(TRUNCATED)
    strict = _strict(reply, spec)
    if isinstance(strict, Answer):
        return _both(_uncut(strict, reply, spec=spec) if cut else strict)
    lenient = _lenient(unconfident(reply), spec, cut=cut)
    return Parse(lenient, BAD_FORMAT) if isinstance(lenient, Answer) else _both(_outcome(lenient, reply, finish=finish))


def _both(reading: Reading) -> Parse:
    return Parse(reading, reading)


def _strict(reply: str, spec: AnswerSpec) -> Reading:
    line = _last_line(reply)
    if not line.startswith(MARK):
        return BAD_FORMAT
    payload = line[len(MARK) :].strip()
    value = _READERS[spec.kind].strict(payload, spec)
    if value is None:
        return BAD_FORMAT
    return Abstained() if spec.kind is AnswerKind.TEXT and abstains(payload) else Answer(value)


def _last_line(text: str) -> str:
    return text.rstrip().rpartition("\n")[2].strip()


def _outcome(reading: Reading, reply: str, *, finish: str) -> Reading:
    """Why nothing was read, once the end of the reply and its silence are taken into account."""
    if isinstance(reading, Abstained) or reading == TRUNCATED:
        return reading
    if finish in _CUT:
        return TRUNCATED
    if finish in _DECLINED:
        return Abstained()
    return reading if reply.strip() else NO_RESPONSE


def _lenient(reply: str, spec: AnswerSpec, *, cut: bool) -> Reading:
    reader = _READERS[spec.kind]
    mark = marks.last_mark(reply, spec.kind)
    if mark is not None:
        reading = _marked(reply, mark, spec=spec)
        if reading != BAD_FORMAT:
            return _uncut_mark(reading, mark, spec=spec) if cut else reading
        reply = reply[mark.start :]
    box = marks.last_box(reply)
    if box is not None and (reading := reader.marked(box.payload, spec)) != BAD_FORMAT:
        return reading
    said = agree([reader.marked(phrase.payload, spec) for phrase in marks.phrases(reply)])
    if said != BAD_FORMAT:
        return _uncut(said, reply, spec=spec) if cut else said
    if mark is None and not cut:
        return _unmarked(reply, spec)
    if mark is None:
        return _uncut(_whole(reply, spec), reply, spec=spec)
    return _ending(reply, spec)


def _marked(reply: str, mark: marks.Mark, *, spec: AnswerSpec) -> Reading:
    """The marked answer, unless the reply goes on to say that the answer is another one."""
    reader = _READERS[spec.kind]
    reading = _plainly(mark.payload, spec) or reader.marked(mark.payload, spec)
    if not isinstance(reading, Answer):
        gives_up = reading == BAD_FORMAT and abstains(mark.payload.strip().split("\n", 1)[0])
        return Abstained() if gives_up else reading
    if spec.kind is AnswerKind.TEXT and abstains(mark.payload.strip().split("\n", 1)[0]):
        return Abstained()
    later = [reader.marked(phrase.payload, spec) for phrase in marks.phrases(reply, mark.start + len(MARK))]
    return AMBIGUOUS if any(isinstance(one, Answer) and one != reading for one in later) else reading


def _plainly(payload: str, spec: AnswerSpec) -> Answer | None:
    """One line that is, but for markup and a full stop, exactly as asked for; no pattern of names is built for it."""
    line = payload.strip()
    if "\n" in line or len(line) > _LONGEST_LINE or spec.kind is AnswerKind.FORMULA:
        return None  # in a formula, primes are no quotes
    value = _READERS[spec.kind].strict(clean(line).strip().rstrip(".").rstrip(), spec)
    return None if value is None else Answer(value)


def _unmarked(reply: str, spec: AnswerSpec) -> Reading:
    whole = _whole(reply, spec)
    if isinstance(whole, Answer):
        return whole
    ending = _ending(reply, spec)
    if isinstance(ending, Answer):
        return ending
    if AMBIGUOUS not in (whole, ending) and isinstance(opening := _opening(reply, spec), Answer):
        return opening
    if declines(reply):
        return Abstained()
    if AMBIGUOUS in (whole, ending) or len(reply) > _LONGEST_SCAN:
        return AMBIGUOUS if AMBIGUOUS in (whole, ending) else BAD_FORMAT
    return _READERS[spec.kind].loose(reply, spec)


def _whole(reply: str, spec: AnswerSpec) -> Reading:
    """A short reply that is nothing but an answer, with or without an explanation after it."""
    bare = unfenced(reply).strip()
    if not bare or len(bare) > _LONGEST_LINE:
        return BAD_FORMAT
    bare = marks.from_json(bare, spec.kind) or bare
    if "\n" in bare and spec.kind not in _SEVERAL_LINES:
        return BAD_FORMAT
    return BAD_FORMAT if spec.kind is AnswerKind.TEXT and abstains(bare) else _complete(bare, spec)


def _complete(text: str, spec: AnswerSpec) -> Reading:
    """What *text* says as a marked answer would; LABELS, NUMBERS: only where every item has its part."""
    reading = _READERS[spec.kind].marked(text, spec)
    given = isinstance(reading, Answer) and isinstance(reading.value, tuple) and len(reading.value)
    return reading if spec.kind not in _ITEMWISE or given == len(spec.items) else BAD_FORMAT


def _ending(reply: str, spec: AnswerSpec) -> Reading:
    """A last line that is nothing but an answer, or whose only bold words are one."""
    if spec.kind in (AnswerKind.TEXT, AnswerKind.GRAPH):  # the last line of a graph may be one of its edges
        return BAD_FORMAT
    line = _last_line(unfenced(reply))
    if not line or len(line) > _LONGEST_LINE:
        return BAD_FORMAT
    reader = _READERS[spec.kind]
    bold = agree([reader.marked(match[1], spec) for match in _BOLD.finditer(line)])
    if isinstance(bold, Answer) and spec.kind not in _ITEMWISE:
        return bold
    reading = _bare(line, spec)
    if spec.kind in _SEVERAL_LINES or not isinstance(reading, Answer):
        return reading
    others = [_bare(other, spec) for other in reply.split("\n")[:_MOST_LINES]]
    return AMBIGUOUS if any(isinstance(one, Answer) and one != reading for one in others) else reading


def _opening(reply: str, spec: AnswerSpec) -> Reading:
    """A first line that is nothing but an answer, where the rest of the reply does not take it back."""
    first, _, rest = unfenced(reply).strip().partition("\n")
    if spec.kind not in (AnswerKind.CHOICE, AnswerKind.YES_NO) or corrected(rest[:_LONGEST_SCAN].casefold()):
        return BAD_FORMAT
    return _bare(first, spec)


def _bare(line: str, spec: AnswerSpec) -> Reading:
    """*line* where it is nothing but an answer."""
    if len(line) > _LONGEST_LINE or "=" in line or len(fold(line).split()) > _words_of_an_answer(spec):
        return BAD_FORMAT
    return _complete(line, spec)


def _words_of_an_answer(spec: AnswerSpec) -> int:
    """How many words a line may have to be nothing but an answer."""
    longest = max((len(name.split()) for name in spec.options + spec.items), default=1)
    few = {
        AnswerKind.NUMBER: 3,
        AnswerKind.YES_NO: 1,
        AnswerKind.CHOICE: longest + 1,
        AnswerKind.TEXT: 0,
        AnswerKind.INTERVAL: 5,
        AnswerKind.GRAPH: (2 * longest + 2) * len(spec.items),
        AnswerKind.ORDER: (longest + 1) * len(spec.items),
        AnswerKind.FORMULA: _LONGEST_LINE,
    }
    return few.get(spec.kind, 3 * longest + 8)


def _uncut_mark(reading: Reading, mark: marks.Mark, *, spec: AnswerSpec) -> Reading:
    if not mark.to_end or (spec.kind not in _SEVERAL_LINES and "\n" in mark.payload.strip()):
        return reading
    return _uncut(reading, mark.payload, spec=spec)


def _uncut(reading: Reading, text: str, *, spec: AnswerSpec) -> Reading:
    """*reading* of a reply that was cut off, unless more of the same answer could have followed."""
    if not isinstance(reading, Answer):
        return reading
    value = reading.value
    whole = False
    match spec.kind:
        case AnswerKind.YES_NO:
            whole = True
        case AnswerKind.CHOICE:
            whole = not _extendable(str(value), spec.options)
        case AnswerKind.LABELS:
            final = str(value[-1][1]) if isinstance(value, tuple) and value else ""
            whole = isinstance(value, tuple) and len(value) == len(spec.items)
            whole = whole and not _extendable(final, spec.options)
        case AnswerKind.SET:
            whole = text.rstrip(" .*`$").endswith(("}", "]"))
        case AnswerKind.NUMBER:
            whole = _ends(text)
        case AnswerKind.NUMBERS:
            whole = isinstance(value, tuple) and len(value) == len(spec.items) and _ends(text)
        case AnswerKind.INTERVAL:
            whole = text.rstrip(" .*`$").endswith(("]", ")"))
        case AnswerKind.ORDER:
            whole = isinstance(value, Ranking) and not _extendable(value.items[-1], spec.items)
        case AnswerKind.SETS | AnswerKind.TEXT | AnswerKind.GRAPH | AnswerKind.FORMULA:
            whole = False
    return reading if whole else Unparsed(TRUNCATED.reason)


def _ends(text: str) -> bool:
    """No further digit can follow a number at the end of *text*."""
    return not (text[-1:].isdigit() or text[-1:] in ".,/^-+eE ")


def _extendable(name: str, options: tuple[str, ...]) -> bool:
    folded = fold(name)
    return any(other != folded and other.startswith(folded) for other in names.forms(options))
