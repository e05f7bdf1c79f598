"""What may stand around an answer without changing it: explanations after it, phrases before it."""

from __future__ import annotations

import re

_NOTHING = re.compile(r"[\W_]*")
_FREE = re.compile(
    r"[)\]}!.]*\s*(?:[.!]\s|[.!]*$|\(|\[|\n|;|:|—|–|-{1,2}\s|->|,?\s*(?:because|since|as|not|rather"
    r"|instead|due|given|so|whereas|while|where|which|thus|hence|for|but|i\.e|e\.g"
    r"|weil|denn|da|parce|car|porque|pues|ya que|因为|因為|なぜなら)\b"
    r"|\s*(?:因为|因為|なぜなら))"
)
_CORRECTED = re.compile(
    r"\b(?:wait|actually|correction|scratch that|i mean|i meant|sorry|hmm|on second thought|or rather|no,|let me)\b"
)
NEGATED = re.compile(
    r"\b(?:not|no|never|neither|nor|cannot|can ?not|\w+n'?t|without|except|rather than|instead of|unlike|exclud\w*"
    r"|rul\w* out|wrong|incorrect|false|unlikely|kein\w*|nicht|pas|ni|jamais|nunca)\b|不|没"
)
LEAD = re.compile(
    r"(?:[\s.:=,~≈(\[*#-]|\b(?:the|my|our|final|correct|right|best|answer|result|value|option|choice|label|letter|is|its"
    r"|it|would|will|should|must|be|are|clearly|definitely|absolutely|certainly|think|simply|exactly|most|likely|probably|therefore|so|thus|hence|that"
    r"|approximately|approx|about|roughly|around|circa|ca|equals?|equal to|i|say|choose|pick|select|a|an"
    r"|die|antwort|ist|la|le|réponse|est|respuesta|es)\b|答案|答え|是(?!的|否)|は(?!い))*"
)
LINK = re.compile(
    r"(?:\b(?:is|be|was|equals?|choose|pick|select|say|gives?|get|answer|option|choice)\b|[:=≈])"
    r"[\s:=~]*(?:(?:a|an|the|about|approximately|roughly|exactly|option|choice|clearly|indeed)\b\s*)*[(\[]?$"
)
"""What must stand right before a value in prose for it to be taken as the answer."""


def free(rest: str) -> bool:
    """*rest* begins as an explanation or an end does, so what it says does not change the answer."""
    return _NOTHING.fullmatch(rest) is not None or _FREE.match(rest) is not None


def corrected(rest: str) -> bool:
    """*rest* takes back what was said before it."""
    return _CORRECTED.search(rest) is not None
