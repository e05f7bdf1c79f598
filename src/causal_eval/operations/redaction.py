"""Secrets in text: found by their shape, by the name they stand behind, or because we hold them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from causal_eval.settings import Settings
from causal_eval.settings.read import FROM_FILES
from causal_eval.settings.table import BY_NAME

HIDDEN = "***"
SHORTEST = 8
"""Characters: a shorter value is a word that texts may say."""

_VALUE = r"[^\s\"'\\,;&#{}()\[\]<>*][^\s\"'\\,;&#{}()\[\]<>]{7,}"
_SHAPES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("API key", ("sk-", "sk_", "pk_", "rk_", "gsk_", "xai-", "key-"), r"\b(?:sk|pk|rk|gsk|xai|key)[-_][\w.-]{16,}"),
    ("API key", ("aiza",), r"\bAIza[\w-]{30,}"),
    ("token", ("hf_", "ghp_", "gho_", "ghs_", "hub_pat_", "glpat-"), r"\b(?:hf|gh[pos]|github_pat|glpat)[-_]\w{16,}"),
    ("token", ("xox",), r"\bxox[abeoprs]-[\w-]{10,}"),
    ("access key", ("akia", "asia"), r"\bA[KS]IA[0-9A-Z]{16}\b"),
    ("our API key", ("ceb_",), r"(?<=ceb_)[0-9A-Za-z]{8}_[0-9A-Za-z]{43}"),
    ("webhook secret", ("whsec_",), r"(?<=whsec_)[\w+/=-]{16,}"),
    ("signed token", ("eyj",), r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    ("private key", ("private key",), r"(?<=PRIVATE KEY-----)(?!-)[\s\S]{16,}?(?=-----END|\Z)"),
    ("password in a URL", ("://",), r"(?<=://)[^\s/:@\"'*]*:(?!\*)[^\s/@\"']+(?=@)"),
    ("authorization", ("bearer ", "basic "), r"(?i)(?<=\bbearer )[\w.~+/=-]{8,}|(?<=\bbasic )[\w+/=-]{8,}"),
    ("secret header", ("api-key", "-goog-", "cookie", "authorization"),
     r"(?i)\b(?:(?:x-)?(?:goog-)?api-key|(?:proxy-)?authorization|(?:set-)?cookie)[\"']?\s*[:=]\s*[\"']?(?P<value>"
     r"(?!bearer|basic)" + _VALUE + ")"),
    ("named secret", ("password", "passwd", "secret", "token", "key"),
     r"(?i)(?<![a-z])(?:password|passwd|(?:\w+_)?secret|(?:access_|refresh_|auth_|csrf_)?token|(?:api_?|\w+_api_|access_|"
     r"private_|secret_)?key)(?:\\?[\"']\s*:\s*\\?[\"']|=[\"']?)(?P<value>" + _VALUE + ")"),
)  # fmt: skip
"""What it is; words of which one must be there (lower case: looked for first, because that is quick); its form."""
_FORMS = tuple((what, needles, re.compile(form)) for what, needles, form in _SHAPES)
_NEEDLES = tuple({needle for _, needles, _ in _FORMS for needle in needles})
_FILES = ("master_key_file", "oidc_secret_file", "metrics_token_file", "split_secret_file")
_HOLDS_SECRET = re.compile(r"(_KEY|_TOKEN|_SECRET|_PASSWORD|PGPASSWORD)$")


@dataclass(frozen=True, slots=True)
class Found:
    """A secret in a text."""

    what: str
    start: int
    stop: int


def find_secrets(text: str, known: Iterable[str] = ()) -> Iterator[Found]:
    """Every place of *text* that holds one of the *known* values, or looks like a secret; places may overlap."""
    for value in known:
        start = text.find(value)
        while start >= 0:
            yield Found("value of a variable", start, start + len(value))
            start = text.find(value, start + len(value))
    low = text.lower()
    for what, needles, form in _FORMS:
        if any(needle in low for needle in needles):
            for match in form.finditer(text):
                start, stop = match.span("value" if "value" in form.groupindex else 0)
                yield Found(what, start, stop)


def _nobody(where: str) -> None:
    del where


class Redactor:
    """Hides secrets in what is about to be written, and tells of each that would have been."""

    def __init__(self, values: Iterable[str] = (), *, found: Callable[[str], None] = _nobody) -> None:
        self._values: tuple[str, ...] = ()
        self._found = found
        self.learn(values)

    def learn(self, values: Iterable[str]) -> None:
        """Hide *values* too from now on, as they are and as JSON and URLs write them."""
        fresh = [value for value in values if len(value) >= SHORTEST and value not in self._values]
        if not fresh:
            return
        forms = (form for value in fresh for form in _written(value))
        self._values = tuple(sorted({*self._values, *forms}, key=len, reverse=True))

    def clean(self, text: str, *, where: str = "log") -> str:
        """*text* with every secret hidden; *where* says to the counter what it was to be written into."""
        if not self.suspects(text):
            return text
        places = sorted(find_secrets(text, self._values), key=lambda one: (one.start, -one.stop))
        if not places:
            return text
        self._found(where)
        parts, at = [], 0
        for one in places:
            if one.start >= at:
                parts += [text[at : one.start], HIDDEN]
            at = max(at, one.stop)
        return "".join([*parts, text[at:]])

    def suspects(self, text: str) -> bool:
        """Whether to look closely: at next to no text, and every request writes one."""
        for value in self._values:
            if value in text:
                return True
        low = text.lower()
        for needle in _NEEDLES:  # noqa: SIM110 - any() takes twice as long
            if needle in low:
                return True
        return False


def secrets_of(settings: Settings, environment: Mapping[str, str]) -> set[str]:
    """Every secret that *settings* and *environment* hold or name a file of."""
    held = (*environment.items(), *settings.credentials.items())
    found = {value for name, value in held if _HOLDS_SECRET.search(name)}
    for file in secret_files(settings, environment).values():
        found.update(_lines(file))
    urls = (settings.database_url, settings.operator_database_url, settings.backup_database_url, settings.redis_url)
    for url in urls:
        found.add(urlsplit(url).password or "")
    return {part.strip() for value in found for part in (value, *value.split(",")) if part.strip()}


def secret_files(settings: Settings, environment: Mapping[str, str]) -> dict[str, Path]:
    """Variable -> the file with secrets that it names."""
    named = (
        settings.master_key_file, settings.oidc_secret_file, settings.metrics_token_file, settings.split_secret_file,
    )  # fmt: skip
    found = {BY_NAME[name].variable: path for name, path in zip(_FILES, named, strict=True) if path is not None}
    addresses = {name: environment.get(name, "").strip() for name in (f"{one}_FILE" for one in FROM_FILES)}
    keys = {name: value for name, value in settings.credentials.items() if name.endswith("_FILE")}
    return {**found, **{name: Path(value).expanduser() for name, value in {**addresses, **keys}.items() if value}}


def _written(value: str) -> set[str]:
    return {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], quote(value, safe="")}


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []  # who needs the file says so
