"""Every setting: its names, how its text is read, what is allowed, and its default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from causal_eval.settings.words import (
    MAX_CALLS,
    MAX_RATE,
    Place,
    calls,
    connections,
    database_url,
    expiry,
    feeds,
    file,
    folder,
    folders,
    host,
    issuer,
    log_format,
    log_level,
    names,
    networks,
    new_file,
    port,
    probes,
    rate,
    receiver,
    receivers,
    redis_url,
    share,
    switch,
    word,
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set: its names, how its text is read, and what may stand there."""

    name: str
    """Field of :class:`Settings`, key of the file; the flag is the same with dashes."""
    variable: str
    """Environment variable."""
    read: Callable[[str, Place], object]
    """Turns text into the value; raises ValueError for what is not allowed."""
    allowed: str
    default: Callable[[Place], str]


_A_SWITCH = "one of 1, true, yes, on, 0, false, no, off"


_A_DATABASE = "sqlite:///<path of a file> or postgresql://<user>:<password>@<host>:<port>/<database>"


_AN_ADDRESS = "http(s)://<host>:<port>, without a password"
_A_FOLDER = "the path of a folder (it is created when needed)"


SETTINGS = (
    Setting(
        "data_dir",
        "CEB_DATA_DIR",
        folder,
        _A_FOLDER,
        lambda place: place.xdg("XDG_DATA_HOME", ".local/share"),
    ),
    Setting("cache_dir", "CEB_CACHE_DIR", folder, _A_FOLDER, lambda place: place.xdg("XDG_CACHE_HOME", ".cache")),
    Setting("report_dir", "CEB_REPORT_DIR", folder, _A_FOLDER, lambda _: "reports"),
    Setting("database_url", "DATABASE_URL", database_url, _A_DATABASE, lambda _: ""),
    Setting(
        "max_concurrent_api_calls",
        "MAX_CONCURRENT_API_CALLS",
        calls,
        f"a whole number from 1 to {MAX_CALLS}",
        lambda _: "100",
    ),
    Setting(
        "database_connections", "CEB_DATABASE_CONNECTIONS", connections, "a whole number from 2 to 1000", lambda _: "20"
    ),
    Setting("prices", "CEB_PRICES", file, "the path of a TOML file with prices", lambda _: ""),
    Setting("offline", "CEB_OFFLINE", switch, _A_SWITCH, lambda _: "false"),
    Setting(
        "disabled_providers",
        "DISABLED_PROVIDERS",
        names,
        "a comma list of providers, e.g. openai,anthropic",
        lambda _: "",
    ),
    Setting("response_cache", "ENABLE_RESPONSE_CACHE", switch, _A_SWITCH, lambda _: "false"),
    Setting(
        "cache_expiry", "CEB_CACHE_EXPIRY", expiry, "a time such as 90s, 30m, 12h, 7d, 2w, or never", lambda _: "7d"
    ),
    Setting("master_key_file", "CEB_MASTER_KEY_FILE", file, "the path of a master key file", lambda _: ""),
    Setting(
        "allowed_networks",
        "CEB_ALLOWED_NETWORKS",
        networks,
        "a comma list of networks and host:port, e.g. 10.1.0.0/16,localhost:11434",
        lambda _: "",
    ),
    Setting("oidc_issuer", "CEB_OIDC_ISSUER", issuer, "https://<host>/<path>", lambda _: ""),
    Setting("oidc_client_id", "CEB_OIDC_CLIENT_ID", word, "what the provider calls us", lambda _: ""),
    Setting("oidc_secret_file", "CEB_OIDC_SECRET_FILE", file, "the path of a file", lambda _: ""),
    Setting("redis_url", "REDIS_URL", redis_url, "redis://<host>:<port>/<database>", lambda _: ""),
    Setting(
        "requests_per_minute",
        "CEB_REQUESTS_PER_MINUTE",
        rate,
        f"a whole number from 1 to {MAX_RATE}",
        lambda _: "600",
    ),
    Setting("signing_key_file", "CEB_SIGNING_KEY_FILE", new_file, "the path of a file, there or not", lambda _: ""),
    Setting("split_secret_file", "CEB_SPLIT_SECRET_FILE", file, "the path of a file", lambda _: ""),
    Setting(
        "stack_dir",
        "CEB_STACK_DIR",
        folder,
        _A_FOLDER,
        lambda place: (
            "/var/lib/causal-eval/stack" if place.is_root else place.xdg("XDG_DATA_HOME", ".local/share") + "/stack"
        ),
    ),
    Setting("check_every", "CEB_CHECK_EVERY", expiry, "a time such as 90s, 30m, 12h, 7d, 2w, or never", lambda _: "1h"),
    Setting("metrics_host", "CEB_METRICS_HOST", host, "a name or an address of this machine", lambda _: "127.0.0.1"),
    Setting("metrics_port", "CEB_METRICS_PORT", port, "a port from 1 to 65535, or 0: none", lambda _: "0"),
    Setting("metrics_token_file", "CEB_METRICS_TOKEN_FILE", file, "the path of a file", lambda _: ""),
    Setting("backup_dir", "CEB_BACKUP_DIR", folder, _A_FOLDER, lambda _: ""),
    Setting("backup_copy_dir", "CEB_BACKUP_COPY_DIR", folder, _A_FOLDER, lambda _: ""),
    Setting("backup_wal_dir", "CEB_BACKUP_WAL_DIR", folder, _A_FOLDER, lambda _: ""),
    Setting("backup_key_file", "CEB_BACKUP_KEY_FILE", new_file, "the path of a file, there or not", lambda _: ""),
    Setting("backup_keep", "CEB_BACKUP_KEEP", calls, f"a whole number from 1 to {MAX_CALLS}", lambda _: "7"),
    Setting("backup_database_url", "CEB_BACKUP_DATABASE_URL", database_url, _A_DATABASE, lambda _: ""),
    Setting("public_leaderboard", "CEB_PUBLIC_LEADERBOARD", switch, _A_SWITCH, lambda _: "false"),
    Setting("operator_database_url", "CEB_OPERATOR_DATABASE_URL", database_url, _A_DATABASE, lambda _: ""),
    Setting(
        "watched_folders",
        "CEB_WATCHED_FOLDERS",
        folders,
        "a comma list of folders, e.g. /srv/data",
        lambda _: "",
    ),
    Setting("disk_reserve", "CEB_DISK_RESERVE", share, "a share from 0% to 50%, e.g. 5%", lambda _: "5%"),
    Setting(
        "traces_url",
        "CEB_TRACES_URL",
        receiver,
        _AN_ADDRESS,
        lambda _: "",
    ),
    Setting("incidents", "CEB_INCIDENTS", new_file, "the path of a file, there or not", lambda _: ""),
    Setting("status_dir", "CEB_STATUS_DIR", folder, _A_FOLDER, lambda _: ""),
    Setting("status_url", "CEB_STATUS_URL", receiver, "http(s)://<host>/<path>", lambda _: ""),
    Setting("contacts", "CEB_CONTACTS", file, "the path of a file", lambda _: ""),
    Setting("alertmanager_url", "CEB_ALERTMANAGER_URL", receiver, _AN_ADDRESS, lambda _: ""),
    Setting("probes", "CEB_PROBES", probes, "a comma list of <component>=http(s)://<host>:<port>/<path>", lambda _: ""),
    Setting("heartbeat_url", "CEB_HEARTBEAT_URL", receiver, _AN_ADDRESS, lambda _: ""),
    Setting("prometheus_url", "CEB_PROMETHEUS_URL", receiver, _AN_ADDRESS, lambda _: ""),
    Setting(
        "watched_metrics",
        "CEB_WATCHED_METRICS",
        receivers,
        "a comma list of http(s)://<host>:<port>/<path>",
        lambda _: "",
    ),
    Setting(
        "status_feeds", "CEB_STATUS_FEEDS", feeds, "a comma list of <provider>=http(s)://<host>/<path>", lambda _: ""
    ),
    Setting("sentinel_token_file", "CEB_SENTINEL_TOKEN_FILE", file, "the path of a file", lambda _: ""),
    Setting("sentinel_url", "CEB_SENTINEL_URL", receiver, _AN_ADDRESS, lambda _: ""),
    Setting("log_format", "CEB_LOG_FORMAT", log_format, "text or json", lambda _: "text"),
    Setting("log_level", "CEB_LOG_LEVEL", log_level, "one of DEBUG, INFO, WARNING, ERROR", lambda _: "INFO"),
    Setting("log_file", "CEB_LOG_FILE", new_file, "the path of a file, there or not", lambda _: ""),
)


BY_NAME = MappingProxyType({setting.name: setting for setting in SETTINGS})
