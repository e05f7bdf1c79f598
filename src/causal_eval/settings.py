"""What can be set, read once at a door; rooms receive frozen values and never look at the environment.

A flag wins over the environment, that over the nearest ``.env`` (searched upward), that over the nearest
``causal-eval.toml`` (searched upward), that over the default. Adding a setting = one entry in ``SETTINGS``, one
field of :class:`Settings` and one line in ``docs/reference/settings.md`` (a test compares the three).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from causal_eval.errors import UsageError

FILE_NAME = "causal-eval.toml"
DOTENV_NAME = ".env"

Flag = str | int | float | bool | Path | None
"""What a door passes for a flag; None = not given."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set: its names, how its text is read, and what may stand there."""

    name: str
    """Field of :class:`Settings`, key of the file; the flag is the same with dashes."""
    variable: str
    """Environment variable."""
    read: Callable[[str, _Place], object]
    """Turns text into the value; raises ValueError for what is not allowed."""
    allowed: str
    default: Callable[[_Place], str]


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, checked, with where each came from."""

    data_dir: Path
    """Where the database lies unless ``database_url`` says otherwise."""
    cache_dir: Path
    """What can be deleted at any time."""
    report_dir: Path
    database_url: str = field(repr=False)
    """URL of the database; the path of a file is absolute. It may hold a password: see :func:`without_password`."""
    max_concurrent_api_calls: int
    """Hard cap on calls that are open at once, over all providers."""
    prices: Path | None
    """A user's own table of prices; None: list prices alone."""
    offline: bool
    """True: nothing but this machine is called; API providers are refused before a run begins."""
    disabled_providers: str
    """Comma list of providers that are switched off: what is to be asked of them waits."""
    response_cache: bool
    """True: replies are kept, and the same prompt, sample for sample, is not asked again before they expire."""
    cache_expiry: float | None
    """Seconds; None: never."""
    master_key_file: Path | None
    """What opens sealed provider keys; None: none are kept."""
    allowed_networks: str
    """Comma list of networks and ``host:port`` inside the house that may be called all the same."""
    redis_url: str = field(repr=False)
    """A cache and a counter, never the only copy of anything; empty: there is none."""
    requests_per_minute: int
    """Of one key, user or, where nobody is logged in, address."""
    signing_key_file: Path | None
    """What signs scores of submissions, made when it is first needed; None: beside a database in a file."""
    public_leaderboard: bool
    """True: whoever reaches the API may read published results, without an account."""
    origins: Mapping[str, str]
    """Name of a setting -> where its value came from, e.g. ``"environment CEB_DATA_DIR"``."""
    credentials: Mapping[str, str] = field(repr=False)
    """Keys, files of keys, addresses and switches of servers, and ``HF_TOKEN``; environment and ``.env`` only."""
    unknown: tuple[str, ...] = ()
    """``CEB_*`` variables that nothing here reads: likely misspelt."""


@dataclass(frozen=True, slots=True)
class _Place:
    """What a relative path or ``~`` in a value refers to."""

    base: Path
    env: Mapping[str, str]

    def path(self, text: str) -> Path:
        home = self.home()
        if text == "~" or text.startswith(("~/", "~\\")):
            return (home / text[2:]).absolute()
        return (self.base / text).absolute()

    def home(self) -> Path:
        return Path(self.env.get("HOME") or self.env.get("USERPROFILE") or self.base)

    def xdg(self, variable: str, fallback: str) -> str:
        root = self.env.get(variable) or str(self.home() / fallback)
        return str(Path(root) / "causal-eval")


@dataclass(frozen=True, slots=True)
class _Source:
    """One layer of values by setting name, each with the words that say where it stands."""

    values: Mapping[str, str]
    origins: Mapping[str, str]
    place: _Place


def read_settings(
    env: Mapping[str, str], flags: Mapping[str, Flag] | None = None, *, cwd: Path | None = None
) -> Settings:
    """The settings that hold for *env*, *flags* (setting name -> value) and the files above *cwd*.

    Raises UsageError that lists every fault at once: variable, value and what is allowed.
    """
    here = _Place(cwd or Path.cwd(), env)
    faults: list[str] = []
    dotenv, dotenv_place = _read_dotenv(here, faults)
    sources = (
        _flag_source(flags or {}, here, faults=faults),
        _variable_source(env, here, origin="environment"),
        _variable_source(dotenv, dotenv_place, origin=str(dotenv_place.base / DOTENV_NAME)),
        _file_source(here, faults),
    )
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for setting in SETTINGS:
        values[setting.name], origins[setting.name] = _resolve(setting, sources, here=here, faults=faults)
    if not values["database_url"]:
        values["database_url"] = f"sqlite:///{values['data_dir']}/causal-eval.db"
    for optional in ("prices", "master_key_file", "signing_key_file"):
        values[optional] = values[optional] or None
    if faults:
        raise UsageError("; ".join(faults))
    merged = {**dotenv, **env}
    return Settings(
        **values,  # type: ignore[arg-type]  # SETTINGS and the fields are compared by a test
        origins=MappingProxyType(origins),
        credentials=MappingProxyType({k: v for k, v in merged.items() if _CREDENTIAL.fullmatch(k) and v.strip()}),
        unknown=tuple(sorted(name for name in merged if _is_unknown(name))),
    )


def without_password(text: str) -> str:
    """A URL as it may be printed."""
    return _PASSWORD.sub(r"\1:***@", text)


def read_duration(text: str) -> float:
    """The seconds that ``90s``, ``30m``, ``12h``, ``7D`` or ``2w`` say.

    Raises:
        ValueError: it is none of these, or no time at all.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None or not float(match["number"]):
        raise ValueError(text)
    return float(match["number"]) * _UNITS[match["unit"]]


def find_upward(name: str, start: Path) -> Path | None:
    """The nearest file called *name* in *start* or a folder above it; None if there is none."""
    folder = start.absolute()
    return next((path / name for path in (folder, *folder.parents) if (path / name).is_file()), None)


def parse_dotenv(text: str, path: str, *, faults: list[str]) -> dict[str, str]:
    """The variables of a ``.env`` file; a line that is not ``NAME=value``, comment or empty goes to *faults*.

    ``export`` before a name and quotes around a value are dropped; after a bare value, `` #`` starts a comment.
    """
    variables: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _DOTENV_LINE.fullmatch(line)
        if match is None:  # the line itself may be a key: it is not printed
            faults.append(f"{path}:{number}: not of the form NAME=value")
            continue
        variables[match["name"]] = _unquoted(match["value"])
    return variables


_CREDENTIAL = re.compile(
    r"[A-Z][A-Z0-9_]*_(API_KEY(_FILE)?|BASE_URL|ENABLED)|AZURE_OPENAI_ENDPOINT|OPENAI_API_VERSION|HF_TOKEN"
)
_NETWORK = re.compile(r"[0-9a-fA-F.:]+/\d{1,3}|[\w.-]+:\d{1,5}|\[[0-9a-fA-F:.]+\]:\d{1,5}")
_NAMES = re.compile(r"[\w./-]+(\s*,\s*[\w./-]+)*")
_DOTENV_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")
_DURATION = re.compile(r"(?P<number>\d{1,6}(\.\d{1,3})?)(?P<unit>[smhdw])")
_UNITS = MappingProxyType({"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800})
_PASSWORD = re.compile(r"(?<=://)([^:/@]*):[^@]*@")
_SERVER = re.compile(
    r"(postgres|postgresql|postgresql\+psycopg)://([^/@]+@)?([\w.-]+|\[[0-9A-Fa-f:]+\])(:(?P<port>\d{1,5}))?/[^/?]+(\?.*)?"
)
_PORTS = range(1, 65_536)
_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})


def _unquoted(value: str) -> str:
    for quote in ('"', "'"):
        if value.startswith(quote) and (end := value.find(quote, 1)) > 0:
            return value[1:end]
    return re.split(r"(?:^|\s)#", value, maxsplit=1)[0].rstrip()


def _read_dotenv(here: _Place, faults: list[str]) -> tuple[dict[str, str], _Place]:
    path = find_upward(DOTENV_NAME, here.base)
    if path is None:
        return {}, here
    text = _read_text(path, faults)
    return parse_dotenv(text, str(path), faults=faults), _Place(path.parent, here.env)


def _read_text(path: Path, faults: list[str]) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{path}: cannot be read: {error}")
        return ""


def _flag_source(flags: Mapping[str, Flag], here: _Place, *, faults: list[str]) -> _Source:
    given = {name: str(value) for name, value in flags.items() if value is not None}
    faults.extend(_unknown_name("flag", name) for name in given if name not in _BY_NAME)
    return _Source(given, {name: f"flag --{name.replace('_', '-')}" for name in given}, here)


def _variable_source(variables: Mapping[str, str], place: _Place, *, origin: str) -> _Source:
    """An empty variable counts as not set, as in ``DATABASE_URL= causal-eval ...``."""
    found = {s.name: variables[s.variable] for s in SETTINGS if variables.get(s.variable, "").strip()}
    return _Source(found, {name: f"{origin} {_BY_NAME[name].variable}" for name in found}, place)


def _file_source(here: _Place, faults: list[str]) -> _Source:
    path = find_upward(FILE_NAME, here.base)
    if path is None:
        return _Source({}, {}, here)
    import tomllib  # start-up time: most people have no such file

    try:
        table = tomllib.loads(_read_text(path, faults))
    except tomllib.TOMLDecodeError as error:
        faults.append(f"{path}: {error}")
        table = {}
    faults.extend(f"{path}: {_unknown_name('setting', name)}" for name in table if name not in _BY_NAME)
    values = {name: str(value) for name, value in table.items()}
    return _Source(values, dict.fromkeys(values, f"file {path}"), _Place(path.parent, here.env))


def _unknown_name(what: str, name: str) -> str:
    near = get_close_matches(name, _BY_NAME, n=1) or sorted(_BY_NAME)
    return f"unknown {what} {name!r}: known is {', '.join(near)}"


def _resolve(setting: Setting, sources: tuple[_Source, ...], *, here: _Place, faults: list[str]) -> tuple[object, str]:
    for source in sources:
        text = source.values.get(setting.name)
        if text is None:
            continue
        origin = source.origins[setting.name]
        try:
            return setting.read(text.strip(), source.place), origin
        except ValueError:
            faults.append(f"{setting.variable} ({origin}) is {without_password(text)!r}: allowed is {setting.allowed}")
            return "", origin
    default = setting.default(here)
    return setting.read(default, here) if default else "", "default"


def _is_unknown(variable: str) -> bool:
    return variable.startswith("CEB_") and all(variable != setting.variable for setting in SETTINGS)


def _folder(text: str, place: _Place) -> Path:
    path = place.path(text)
    if path.exists() and not path.is_dir():
        raise ValueError(text)
    return path


def _file(text: str, place: _Place) -> Path:
    path = place.path(text)
    if not path.is_file():
        raise ValueError(text)
    return path


def _anywhere(text: str, place: _Place) -> Path:
    return place.path(text)


def _switch(text: str, _: _Place) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(text)


def _up_to(most: int) -> Callable[[str, _Place], int]:
    def read(text: str, _: _Place) -> int:
        if not 1 <= (number := int(text)) <= most:
            raise ValueError(text)
        return number

    return read


def _networks(text: str, _: _Place) -> str:
    parts = [part.strip() for part in text.split(",")]
    if not all(_NETWORK.fullmatch(part) for part in parts):
        raise ValueError(text)
    return ",".join(parts)


def _redis_url(text: str, _: _Place) -> str:
    if not text.startswith(("redis://", "rediss://")):
        raise ValueError(text)
    return text


def _names(text: str, _: _Place) -> str:
    if not _NAMES.fullmatch(text):
        raise ValueError(text)
    return text


def _expiry(text: str, _: _Place) -> float | None:
    return None if text.lower() == "never" else read_duration(text)


def _database_url(text: str, place: _Place) -> str:
    scheme, _, rest = text.partition("://")
    if scheme in {"sqlite", "sqlite+aiosqlite"} and len(rest) > 1 and rest.startswith("/"):
        return f"sqlite:///{place.path(rest[1:])}"
    server = _SERVER.fullmatch(text)
    if server is None or int(server["port"] or 1) not in _PORTS:
        raise ValueError(text)
    return f"postgresql://{rest}"


MAX_CALLS = 10_000
MAX_RATE = 1_000_000
_A_SWITCH = "one of 1, true, yes, on, 0, false, no, off"
_A_DATABASE = "sqlite:///<path of a file> or postgresql://<user>:<password>@<host>:<port>/<database>"
_WHOLE = "a whole number from 1 to"
_A_FOLDER = "the path of a folder (it is created when needed)"

SETTINGS = (
    Setting("data_dir", "CEB_DATA_DIR", _folder, _A_FOLDER, lambda place: place.xdg("XDG_DATA_HOME", ".local/share")),
    Setting("cache_dir", "CEB_CACHE_DIR", _folder, _A_FOLDER, lambda place: place.xdg("XDG_CACHE_HOME", ".cache")),
    Setting("report_dir", "CEB_REPORT_DIR", _folder, _A_FOLDER, lambda _: "reports"),
    Setting("database_url", "DATABASE_URL", _database_url, _A_DATABASE, lambda _: ""),
    Setting(
        "max_concurrent_api_calls",
        "MAX_CONCURRENT_API_CALLS",
        _up_to(MAX_CALLS),
        f"{_WHOLE} {MAX_CALLS}",
        lambda _: "100",
    ),
    Setting("prices", "CEB_PRICES", _file, "the path of a TOML file with prices", lambda _: ""),
    Setting("offline", "CEB_OFFLINE", _switch, _A_SWITCH, lambda _: "false"),
    Setting(
        "disabled_providers",
        "DISABLED_PROVIDERS",
        _names,
        "a comma list of providers, e.g. openai,anthropic",
        lambda _: "",
    ),
    Setting("response_cache", "ENABLE_RESPONSE_CACHE", _switch, _A_SWITCH, lambda _: "false"),
    Setting(
        "cache_expiry", "CEB_CACHE_EXPIRY", _expiry, "a time such as 90s, 30m, 12h, 7d, 2w, or never", lambda _: "7d"
    ),
    Setting("master_key_file", "CEB_MASTER_KEY_FILE", _file, "the path of a master key file", lambda _: ""),
    Setting(
        "allowed_networks",
        "CEB_ALLOWED_NETWORKS",
        _networks,
        "a comma list of networks and host:port, e.g. 10.1.0.0/16,localhost:11434",
        lambda _: "",
    ),
    Setting("redis_url", "REDIS_URL", _redis_url, "redis://<host>:<port>/<database>", lambda _: ""),
    Setting(
        "requests_per_minute", "CEB_REQUESTS_PER_MINUTE", _up_to(MAX_RATE), f"{_WHOLE} {MAX_RATE}", lambda _: "600"
    ),
    Setting("signing_key_file", "CEB_SIGNING_KEY_FILE", _anywhere, "the path of a file, there or not", lambda _: ""),
    Setting("public_leaderboard", "CEB_PUBLIC_LEADERBOARD", _switch, _A_SWITCH, lambda _: "false"),
)
_BY_NAME = MappingProxyType({setting.name: setting for setting in SETTINGS})
