"""A reply without its reasoning: think tags closed, unclosed and prefilled, and channel markup."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAG = re.compile(
    r"<(?P<shut>/?)(?:seed:)?(?:think|thinking|thought|reasoning|reflection|scratchpad|analysis)>"
    r"|\[(?P<shut2>/?)THINK\]|◁(?P<shut3>/?)think▷|<\|(?:begin|(?P<shut4>end))_of_thought\|>",
    re.IGNORECASE,
)
_FINAL = re.compile(r"<\|channel\|>\s*final\b[^<]{0,80}<\|message\|>", re.IGNORECASE)
_CHANNEL = "<|channel|>"
_END_OF_MESSAGE = re.compile(r"<\|(?:end|return|start|call)\|>")
_CONTROL = re.compile(r"<\|[a-z_]{1,40}\|>|</?s>|<eos>|<end_of_turn>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stripped:
    """What a reply says, apart from its reasoning."""

    text: str
    """Everything outside of reasoning blocks."""
    unfinished: str | None = None
    """The reasoning that was opened and never closed; None where all reasoning is closed."""


def strip_reasoning(text: str) -> Stripped:
    """*text* without reasoning blocks; linear in its length.

    A closing tag without an opening one ends reasoning that was prefilled: all before it is dropped.
    """
    if "<" not in text and "[" not in text and "◁" not in text:
        return Stripped(text)
    if _CHANNEL in text:
        return _final_channel(text)
    return _outside_tags(text)


def _final_channel(text: str) -> Stripped:
    last = None
    for last in _FINAL.finditer(text):  # noqa: B007 - only the last match counts
        pass
    if last is None:
        return Stripped("", unfinished=text)
    return Stripped(_END_OF_MESSAGE.split(text[last.end() :], maxsplit=1)[0])


def _outside_tags(text: str) -> Stripped:
    outside: list[str] = []
    depth = start = 0
    for tag in _TAG.finditer(text):
        shuts = any(tag.groups())
        if depth == 0 and shuts:
            outside.clear()  # what came before a stray closing tag was reasoning that the prompt had opened
        elif depth == 0:
            outside.append(text[start : tag.start()])
        depth = max(0, depth - 1) if shuts else depth + 1
        start = tag.end()
    if depth:
        return Stripped(_plain("\n".join(outside)), unfinished=text[start:])
    outside.append(text[start:])
    return Stripped(_plain("\n".join(outside) if len(outside) > 1 else outside[0]))


def _plain(text: str) -> str:
    return _CONTROL.sub("\n", text) if "<" in text else text
