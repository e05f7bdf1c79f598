"""Markup to plain text: markdown, LaTeX, HTML tags, quotes and typographic characters."""

from __future__ import annotations

import re
import unicodedata

_FRACTIONS = {char: unicodedata.normalize("NFKC", char).replace("⁄", "/") for char in "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒"}
_TABLE = str.maketrans(
    {
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full width to ASCII
        **{char: f" {text}" for char, text in _FRACTIONS.items()},
        **dict.fromkeys("\u2212\ufe63\u2010\u2011", "-"),
        **dict.fromkeys("\u2044\u2215\u00f7", "/"),
        **dict.fromkeys("“”„‟«»「」『』\"'‘’‚‹›`\u2032\u2033", ""),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u202f\u2009\u2007\u00ad", ""),
        **dict.fromkeys("\u00a0\u3000\u2002\u2003\t\r\f\v", " "),
        "、": ",",
        "。": ". ",
        "∅": "{}",
        "\u2028": "\n",
        "\u2029": "\n",
    }
)
_UNTOUCHED = re.compile(r"[\w .,;:=/{}%()\[\]\n?!+>|&-]*", re.ASCII)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[\w-]{0,20}[ \t]*$", re.MULTILINE)
_HTML = re.compile(r"</?(?:b|i|em|strong|code|p|br|u|span|sub|sup|answer)\s{0,3}/?>", re.IGNORECASE)
_STARS = re.compile(r"\*+")
_UNDERSCORES = re.compile(r"(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)")
_FRAC = re.compile(r"\\[dtc]?frac\s{0,3}(?:\{([^{}\\]{1,80})\}\s{0,3}\{([^{}\\]{1,80})\}|(\d)\s{0,3}(\d))")
_WRAP = re.compile(
    r"\\(?:text|textbf|textit|textrm|texttt|textsf|mathrm|mathbf|mathit|mathsf|mathtt|operatorname|mbox|emph"
    r"|underline|boxed|fbox)\s{0,3}\{([^{}]*)\}"
)
_BOXED = re.compile(r"\\(?:boxed|fbox)\s{0,3}\{")
_DROPPED = re.compile(
    r"\\(?:left|right|displaystyle|quad|qquad|big|Big|bf|rm)(?![A-Za-z])|\\[,;:! ()\[\]]|\$|\{,\}(?=\d{3})"
)
_COMMANDS = {
    r"\%": "%",
    r"\_": "_",
    r"\&": "&",
    r"\#": "#",
    r"\$": "",
    r"\approx": "≈",
    r"\times": "×",
    r"\cdot": "×",
    r"\emptyset": "\x01\x02",
    r"\varnothing": "\x01\x02",
    r"\lbrace": "\x01",
    r"\rbrace": "\x02",
    r"\{": "\x01",
    r"\}": "\x02",
    r"\rightarrow": "->",
    r"\to": "->",
    r"\colon": ":",
    r"\pm": "±",
}
_COMMAND = re.compile(
    r"\\(?:[%_&#${}]|(?:approx|times|cdot|emptyset|varnothing|[lr]brace|rightarrow|to|colon|pm)(?![A-Za-z]))"
)
_SPACES = re.compile(r"[ ]{2,}")


def clean(text: str) -> str:
    """*text* without markup and quotes, lines kept; equal for a name and any marked-up form of it."""
    if _UNTOUCHED.fullmatch(text) and "_" not in text and "{,}" not in text:
        return text
    text = text.translate(_TABLE)
    if "\\" in text or "$" in text or "{,}" in text:
        text = _latex(text)
    if "<" in text:
        text = _HTML.sub("", text)
    if "*" in text:
        text = _STARS.sub(_star, text)
    return _UNDERSCORES.sub("", text) if "_" in text else text


def unfenced(text: str) -> str:
    """*text* without the lines that open or close a code block."""
    return _FENCE.sub("", text) if "```" in text or "~~~" in text else text


def fold(text: str) -> str:
    """The form in which texts are compared: clean, lower case, single spaces."""
    return " ".join(clean(text).casefold().split())


def lines_folded(text: str) -> str:
    """Clean, lower case, single spaces within lines; lines kept."""
    return _SPACES.sub(" ", clean(text).casefold()).strip(" ")


def first_line(text: str) -> str:
    """The first line of *text* that says something after cleaning, cleaned and folded; else an empty string."""
    for line in text.split("\n", 12)[:12]:
        folded = lines_folded(line).strip()
        if any(char.isalnum() or char in "{}∅" for char in folded):
            return folded
    return ""


def boxed(text: str, start: int = 0) -> str | None:
    r"""What stands in the first ``\boxed{...}`` of *text* from *start* on, braces balanced; None where none closes."""
    opening = _BOXED.search(text, start)
    if opening is None:
        return None
    depth = 1
    for place in range(opening.end(), min(len(text), opening.end() + 4000)):
        if text[place - 1] == "\\":
            continue
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return text[opening.end() : place]
    return None


def _latex(text: str) -> str:
    if (inside := boxed(text)) is not None:
        begin = _BOXED.search(text)
        assert begin is not None
        text = text[: begin.start()] + inside + text[begin.end() + len(inside) + 1 :]
    text = _COMMAND.sub(lambda match: _COMMANDS[match[0]] + " " * match[0][-1].isalpha(), text)
    text = _DROPPED.sub("", text)
    for _ in range(4):
        text, changed = _WRAP.subn(r"\1", text)
        text, more = _FRAC.subn(_slashed, text)
        if not changed + more:
            break
    return text.replace("\x01", "{").replace("\x02", "}")


def _star(match: re.Match[str]) -> str:
    """Emphasis goes; multiplication, powers and bullets stay."""
    text, (start, end) = match.string, match.span()
    before = text[start - 1] if start else "\n"
    after = text[end] if end < len(text) else "\n"
    between_numbers = (before.isdigit() or before == ")") and (after.isdigit() or after == "(")
    alone = after == " " and (before == " " or (before == "\n" and end - start == 1))
    return match[0] if between_numbers or alone else ""


def _slashed(match: re.Match[str]) -> str:
    top, bottom = match[1] or match[3], match[2] or match[4]
    return f"({top})/({bottom})" if match[1] else f"{top}/{bottom}"
