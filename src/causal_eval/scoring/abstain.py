"""Refusals and "I cannot tell", in six languages."""

from __future__ import annotations

import re

_ABLE = r"(?:can ?not|can'?t|could ?n[o']t|couldn'?t|am unable to|unable to|am not able to|not able to)"
_KNOW = (
    r"(?:determine|answer|tell|say|know|compute|calculate|decide|infer|conclude|identify|give"
    r"|provide|help|assist|comply|do that"
    r"|be sure|be certain|derive|work (?:this|it) out|fulfil\w*|choose|pick)"
)
_OPEN = re.compile(
    rf"\bi(?:'m| am)?(?: (?:really|simply|honestly|also))?,? (?:{_ABLE}"
    r"|must decline|have to decline|refuse|won'?t|will not)\b"
    rf"|\b{_ABLE} {_KNOW}\b|\b(?:can ?not|can'?t) be "
    r"(?:determined|answered|computed|calculated|inferred|known|identified|decided)"
    r"|\b(?:not enough|insufficient|too little|lack of|missing) (?:information|data|evidence)"
    r"|\bi (?:do not|don'?t) know\b|\bno idea\b|\bi(?:'m| am) sorry,? (?:but )?i\b|\bas an ai\b"
    r"|\bi(?:'m| am) not sure\b"
    r"|\bimpossible to (?:determine|say|tell|know|answer)\b"
    r"|\bkann (?:ich |man )?(?:das |dies |es )?(?:nicht|leider)\b|\bwei(?:ß|ss) (?:ich |es )?nicht\b"
    r"|\bnicht (?:bestimmbar|zu bestimmen)\b"
    r"|\bje ne (?:sais|peux|suis)\b|\bimpossible de\b|\bne peut (?:pas )?être déterminé"
    r"|\bno (?:puedo|sé|lo sé|se puede)\b|\bes imposible\b"
    r"|无法|無法|不能确定|不知道|我不能|わかりません|分かりません|できません|判断できな",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"\W*(?:unknown|undetermined|indeterminate|undefined|unclear|n/?a"
    r"|not (?:determinable|identifiable|determined|identified"
    r"|sure|known"
    r"|answerable)|(?:it )?depends|unsure|unidentifiable|unbestimmt|inconnu|desconocido|不明|未知|\?+)\W*",
    re.IGNORECASE,
)
_WINDOW = 600


def abstains(text: str) -> bool:
    """*text*, where an answer was due, says that there will be none."""
    head = text[:_WINDOW].translate({0x2019: "'"})
    return _ALONE.fullmatch(head.strip()) is not None or _OPEN.search(head) is not None


def declines(reply: str) -> bool:
    """A whole reply without a readable answer begins or ends by saying that there will be none."""
    return abstains(reply) or (len(reply) > _WINDOW and abstains(reply[-_WINDOW:]))
