"""Settings from flags, environment and files, with every fault at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from causal_eval.errors import UsageError
from causal_eval.settings.table import BY_NAME, SETTINGS, Setting
from causal_eval.settings.words import Place, without_password

FILE_NAME = "causal-eval.toml"


DOTENV_NAME = ".env"


FROM_FILES = ("DATABASE_URL", "REDIS_URL", "CEB_BACKUP_DATABASE_URL", "CEB_OPERATOR_DATABASE_URL")
"""Variables that may hold a password: ``<variable>_FILE`` may name a file with their text instead."""


Flag = str | int | float | bool | Path | None
"""What a door passes for a flag; None = not given."""


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
    database_connections: int
    """To a PostgreSQL server, of one process at once, at most; the queue's engine has a few more."""
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
    oidc_issuer: str
    """The OpenID provider that people may log in by; empty: by password alone."""
    oidc_client_id: str
    oidc_secret_file: Path | None
    redis_url: str = field(repr=False)
    """A cache and a counter, never the only copy of anything; empty: there is none."""
    requests_per_minute: int
    """Of one key, user or, where nobody is logged in, address."""
    signing_key_file: Path | None
    """What signs scores of submissions, made when it is first needed; None: beside a database in a file."""
    split_secret_file: Path | None
    """Holds the secret from which private and rotating question sets follow; None: none are made."""
    stack_dir: Path
    """Where `causal-eval up` keeps the stack of this machine."""
    check_every: float | None
    """Seconds between two looks of a worker at everything that is kept; None: it does not look."""
    metrics_host: str
    """Where a worker tells its metrics."""
    metrics_port: int
    """0: it does not."""
    metrics_token_file: Path | None
    """Holds what opens ``/metrics`` from elsewhere than this machine; None: nothing does."""
    backup_dir: Path
    """Where backups are kept: folder ``backups`` of the data folder, unless another is named."""
    backup_copy_dir: Path | None
    """A second place for them."""
    backup_wal_dir: Path | None
    """Where PostgreSQL's archive_command puts its log."""
    backup_key_file: Path | None
    """What seals and opens backups; without it there are none."""
    backup_keep: int
    """Backups that are kept."""
    backup_database_url: str = field(repr=False)
    """The database by the account that makes backups; empty: by that of ``database_url``."""
    public_leaderboard: bool
    """True: whoever reaches the API may read published results, without an account."""
    operator_database_url: str = field(repr=False)
    """The same database by an operator's account, for ``causal-eval db``; empty: by the service's own."""
    watched_folders: str
    """Comma list of folders whose disks are watched beside those of the data and of a database in a file."""
    disk_reserve: float
    """Share of each of these disks that is kept free: with less, the service only reads."""
    traces_url: str
    """The OTLP receiver that spans go to; empty: there are none."""
    incidents: Path
    """The file of incidents: ``incidents.db`` in the data folder, unless another is named; nothing else is in it."""
    status_dir: Path
    """Where the sentinel writes the status page: folder ``status`` of the data folder, unless another is named."""
    status_url: str
    """Where the public finds the status page; empty: nobody can subscribe to it."""
    contacts: Path | None
    """Who is told of incidents, and when; None: letters are lines of a file beside the incidents."""
    alertmanager_url: str
    """What the sentinel asks which alerts fire; empty: letters alone tell it."""
    probes: str
    """Comma list of ``component=address`` that the sentinel asks by itself."""
    heartbeat_url: str
    """What the sentinel asks after each look, so that somebody notices when it no longer does; empty: nothing."""
    prometheus_url: str
    """Which Prometheus the sentinel reads for timelines and snapshots; empty: none."""
    watched_metrics: str
    """Comma list of addresses of metrics that it reads for the same."""
    status_feeds: str
    """Comma list of ``provider=address`` of what providers say of themselves."""
    sentinel_token_file: Path | None
    """Holds what opens the sentinel to other machines; None: nothing does."""
    sentinel_url: str
    """Where the service asks the sentinel for incidents, and has it act on them; empty: it knows of none."""
    log_format: str
    """How the service's processes log: ``text`` or ``json``, a line a record."""
    log_level: str
    """The least level that is written."""
    log_file: Path | None
    """Where lines go beside standard error; one process has it for itself."""
    origins: Mapping[str, str]
    """Name of a setting -> where its value came from, e.g. ``"environment CEB_DATA_DIR"``."""
    credentials: Mapping[str, str] = field(repr=False)
    """Keys, files of keys, addresses and switches of servers, and ``HF_TOKEN``; environment and ``.env`` only."""
    unknown: tuple[str, ...] = ()
    """``CEB_*`` variables that nothing here reads: likely misspelt."""


@dataclass(frozen=True, slots=True)
class _Source:
    """One layer of values by setting name, each with the words that say where it stands."""

    values: Mapping[str, str]
    origins: Mapping[str, str]
    place: Place


def read_settings(
    env: Mapping[str, str], flags: Mapping[str, Flag] | None = None, *, cwd: Path | None = None
) -> Settings:
    """The settings that hold for *env*, *flags* (setting name -> value) and the files above *cwd*.

    Raises UsageError that lists every fault at once: variable, value and what is allowed.
    """
    here = Place(cwd or Path.cwd(), env)
    faults: list[str] = []
    dotenv, dotenv_place = _read_dotenv(here, faults)
    sources = (
        _flag_source(flags or {}, here, faults=faults),
        _variable_source(_with_files(env, here, faults=faults), here, origin="environment"),
        _variable_source(
            _with_files(dotenv, dotenv_place, faults=faults),
            dotenv_place,
            origin=str(dotenv_place.base / DOTENV_NAME),
        ),
        _file_source(here, faults),
    )
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for setting in SETTINGS:
        values[setting.name], origins[setting.name] = _resolve(setting, sources, here=here, faults=faults)
    if not values["database_url"]:
        values["database_url"] = f"sqlite:///{values['data_dir']}/causal-eval.db"
    values["backup_dir"] = values["backup_dir"] or Path(str(values["data_dir"])) / "backups"
    values["incidents"] = values["incidents"] or Path(str(values["data_dir"])) / "incidents.db"
    values["status_dir"] = values["status_dir"] or Path(str(values["data_dir"])) / "status"
    for optional in _OPTIONAL:
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


_OPTIONAL = (
    "prices", "master_key_file", "oidc_secret_file", "signing_key_file", "backup_copy_dir", "backup_wal_dir",
    "backup_key_file", "metrics_token_file", "log_file", "contacts", "sentinel_token_file", "split_secret_file",
)  # fmt: skip


_CREDENTIAL = re.compile(
    r"[A-Z][A-Z0-9_]*_(API_KEY(_FILE)?|BASE_URL|ENABLED)|AZURE_OPENAI_ENDPOINT|OPENAI_API_VERSION|HF_TOKEN"
)


_DOTENV_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")


def _unquoted(value: str) -> str:
    for quote in ('"', "'"):
        if value.startswith(quote) and (end := value.find(quote, 1)) > 0:
            return value[1:end]
    return re.split(r"(?:^|\s)#", value, maxsplit=1)[0].rstrip()


def _read_dotenv(here: Place, faults: list[str]) -> tuple[dict[str, str], Place]:
    path = find_upward(DOTENV_NAME, here.base)
    if path is None:
        return {}, here
    text = _read_text(path, faults)
    return parse_dotenv(text, str(path), faults=faults), Place(path.parent, here.env)


def _read_text(path: Path, faults: list[str]) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{path}: cannot be read: {error}")
        return ""


def _flag_source(flags: Mapping[str, Flag], here: Place, *, faults: list[str]) -> _Source:
    given = {name: str(value) for name, value in flags.items() if value is not None}
    faults.extend(_unknown_name("flag", name) for name in given if name not in BY_NAME)
    return _Source(given, {name: f"flag --{name.replace('_', '-')}" for name in given}, here)


def _variable_source(variables: Mapping[str, str], place: Place, *, origin: str) -> _Source:
    """An empty variable counts as not set, as in ``DATABASE_URL= causal-eval ...``."""
    found = {s.name: variables[s.variable] for s in SETTINGS if variables.get(s.variable, "").strip()}
    return _Source(found, {name: f"{origin} {BY_NAME[name].variable}" for name in found}, place)


def _with_files(variables: Mapping[str, str], place: Place, *, faults: list[str]) -> Mapping[str, str]:
    """*variables* with what lies in files that ``<variable>_FILE`` names; a variable that is set itself wins."""
    read = {}
    for variable in FROM_FILES:
        path = variables.get(f"{variable}_FILE", "").strip()
        if path and not variables.get(variable, "").strip():
            read[variable] = _read_text(place.path(path), faults).strip()
    return {**variables, **read} if read else variables


def _file_source(here: Place, faults: list[str]) -> _Source:
    path = find_upward(FILE_NAME, here.base)
    if path is None:
        return _Source({}, {}, here)
    import tomllib  # start-up time: most people have no such file

    try:
        table = tomllib.loads(_read_text(path, faults))
    except tomllib.TOMLDecodeError as error:
        faults.append(f"{path}: {error}")
        table = {}
    faults.extend(f"{path}: {_unknown_name('setting', name)}" for name in table if name not in BY_NAME)
    values = {name: str(value) for name, value in table.items()}
    return _Source(values, dict.fromkeys(values, f"file {path}"), Place(path.parent, here.env))


def _unknown_name(what: str, name: str) -> str:
    near = get_close_matches(name, BY_NAME, n=1) or sorted(BY_NAME)
    return f"unknown {what} {name!r}: known is {', '.join(near)}"


def _resolve(setting: Setting, sources: tuple[_Source, ...], *, here: Place, faults: list[str]) -> tuple[object, str]:
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
    known = {setting.variable for setting in SETTINGS} | {f"{name}_FILE" for name in FROM_FILES}
    return variable.startswith("CEB_") and variable not in known
