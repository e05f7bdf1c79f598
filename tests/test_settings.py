"""Settings: precedence, origins, faults that name everything at once, and secrets that never show."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_eval.errors import UsageError
from causal_eval.settings import (
    DOTENV_NAME,
    FILE_NAME,
    SETTINGS,
    Settings,
    find_upward,
    parse_dotenv,
    read_settings,
)
from causal_eval.settings.words import MAX_CALLS

A_DATABASE = "sqlite:///<path of a file> or postgresql://<user>:<password>@<host>:<port>/<database>"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder without any settings file."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def cwd(tmp_path: Path) -> Path:
    """A working folder two levels below one that can hold settings files."""
    folder = tmp_path / "project" / "deep" / "er"
    folder.mkdir(parents=True)
    return folder


def read(cwd: Path, home: Path, **variables: str) -> Settings:
    """Settings of an environment that holds HOME and *variables* alone."""
    return read_settings({"HOME": str(home), **variables}, cwd=cwd)


def test_defaults_need_nothing(cwd: Path, home: Path) -> None:
    """Without any setting: user folders after XDG, reports in the working folder, a SQLite file."""
    settings = read(cwd, home)
    assert settings.data_dir == home / ".local/share/causal-eval"
    assert settings.cache_dir == home / ".cache/causal-eval"
    assert settings.report_dir == cwd / "reports"
    assert settings.database_url == f"sqlite:///{home}/.local/share/causal-eval/causal-eval.db"
    assert settings.max_concurrent_api_calls == 100
    assert not settings.offline
    assert set(settings.origins.values()) == {"default"}


def test_every_setting_is_a_field_and_back() -> None:
    """The table and the frozen value name the same things."""
    beside = {"origins", "credentials", "unknown"}
    assert [s.name for s in SETTINGS] == [f.name for f in dataclasses.fields(Settings) if f.name not in beside]


def test_a_flag_wins_over_all_and_each_layer_over_the_next(cwd: Path, home: Path) -> None:
    """Flag > environment > .env > file > default, and each origin says where the value stands."""
    project = cwd.parent.parent
    variable, seen = "MAX_CONCURRENT_API_CALLS", []
    env = {"HOME": str(home)}
    flags: dict[str, int | None] = {"max_concurrent_api_calls": None}

    def look() -> None:
        settings = read_settings(env, flags, cwd=cwd)
        origin = settings.origins["max_concurrent_api_calls"]
        seen.append((settings.max_concurrent_api_calls, origin))

    look()
    (project / FILE_NAME).write_text("max_concurrent_api_calls = 1\n")
    look()
    (project / DOTENV_NAME).write_text(f"{variable}=2\n")
    look()
    env[variable] = "3"
    look()
    flags["max_concurrent_api_calls"] = 4
    look()
    assert seen == [
        (100, "default"),
        (1, f"file {project / FILE_NAME}"),
        (2, f"{project / DOTENV_NAME} {variable}"),
        (3, f"environment {variable}"),
        (4, "flag --max-concurrent-api-calls"),
    ]


def test_the_nearest_file_counts(cwd: Path, home: Path) -> None:
    """A settings file in a nearer folder hides one further up."""
    (cwd.parent.parent / FILE_NAME).write_text("offline = true")
    (cwd.parent / FILE_NAME).write_text("offline = false")
    assert not read(cwd, home).offline
    assert find_upward(FILE_NAME, cwd) == cwd.parent / FILE_NAME


def test_a_relative_path_belongs_to_the_place_it_is_written_in(cwd: Path, home: Path) -> None:
    """In a file it starts at the file's folder, in the environment at the working folder; ``~`` is home."""
    project = cwd.parent.parent
    (project / FILE_NAME).write_text('report_dir = "r"\ndatabase_url = "sqlite:///d/x.db"')
    settings = read(cwd, home, CEB_DATA_DIR="l", CEB_CACHE_DIR="~/c")
    assert settings.report_dir == project / "r"
    assert settings.database_url == f"sqlite:///{project}/d/x.db"
    assert settings.data_dir == cwd / "l"
    assert settings.cache_dir == home / "c"


def test_the_database_follows_the_data_folder(cwd: Path, home: Path) -> None:
    """Moving the data folder moves the database, unless its URL is given."""
    moved = read(cwd, home, CEB_DATA_DIR="/data")
    assert moved.database_url == "sqlite:////data/causal-eval.db"
    given_url = read(cwd, home, CEB_DATA_DIR="/data", DATABASE_URL="sqlite+aiosqlite:////else/x.db")
    assert given_url.database_url == "sqlite:////else/x.db"


def test_xdg_folders_are_honoured(cwd: Path, home: Path) -> None:
    """XDG_DATA_HOME and XDG_CACHE_HOME move the defaults."""
    settings = read(cwd, home, XDG_DATA_HOME="/x/data", XDG_CACHE_HOME="/x/cache")
    assert (settings.data_dir, settings.cache_dir) == (
        Path("/x/data/causal-eval"),
        Path("/x/cache/causal-eval"),
    )


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("YES", True), ("on", True), ("False", False), ("0", False), ("off", False)]
)
def test_a_switch_reads_plain_words(text: str, value: bool, cwd: Path, home: Path) -> None:
    """Switches take 1/true/yes/on and 0/false/no/off in any case."""
    assert read(cwd, home, CEB_OFFLINE=text).offline is value


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("CEB_OFFLINE", "maybe", "one of 1, true, yes, on, 0, false, no, off"),
        ("MAX_CONCURRENT_API_CALLS", "0", f"a whole number from 1 to {MAX_CALLS}"),
        ("MAX_CONCURRENT_API_CALLS", "1.5", f"a whole number from 1 to {MAX_CALLS}"),
        ("MAX_CONCURRENT_API_CALLS", str(MAX_CALLS + 1), f"a whole number from 1 to {MAX_CALLS}"),
        ("DATABASE_URL", "mysql://h/db", A_DATABASE),
        ("DATABASE_URL", "sqlite:///", A_DATABASE),
        ("DATABASE_URL", "postgresql://h", A_DATABASE),
        ("DATABASE_URL", "postgresql://h:99999/db", A_DATABASE),
    ],
)
def test_a_bad_value_names_variable_value_and_what_is_allowed(
    variable: str, value: str, allowed: str, *, cwd: Path, home: Path
) -> None:
    """The message can be acted upon without reading the manual."""
    with pytest.raises(UsageError) as caught:
        read(cwd, home, **{variable: value})
    assert str(caught.value) == f"{variable} (environment {variable}) is {value!r}: allowed is {allowed}"


def test_a_folder_cannot_be_a_file(cwd: Path, home: Path) -> None:
    """A path where a file stands is refused before anything is written."""
    (cwd / "taken").write_text("")
    with pytest.raises(UsageError, match=r"CEB_REPORT_DIR .* is 'taken': allowed is the path of a folder"):
        read(cwd, home, CEB_REPORT_DIR="taken")


def test_all_faults_are_listed_at_once(cwd: Path, home: Path) -> None:
    """One run shows every fault, from every layer."""
    (cwd / FILE_NAME).write_text("ofline = true\nmax_concurrent_api_calls = 0")
    (cwd / DOTENV_NAME).write_text("CEB_OFFLINE=perhaps\nsk-this-is-a-key\n")
    with pytest.raises(UsageError) as caught:
        read_settings({"HOME": str(home), "DATABASE_URL": "x"}, {"report": "r"}, cwd=cwd)
    message = str(caught.value)
    for part in (
        f"{cwd / FILE_NAME}: unknown setting 'ofline': known is offline",
        f"MAX_CONCURRENT_API_CALLS (file {cwd / FILE_NAME}) is '0'",
        f"CEB_OFFLINE ({cwd / DOTENV_NAME} CEB_OFFLINE) is 'perhaps'",
        f"{cwd / DOTENV_NAME}:2: not of the form NAME=value",
        "DATABASE_URL (environment DATABASE_URL) is 'x'",
        "unknown flag 'report': known is report_dir",
    ):
        assert part in message
    assert "sk-this" not in message


def test_a_broken_file_is_named(cwd: Path, home: Path) -> None:
    """TOML that cannot be read gives its place, not a traceback."""
    (cwd / FILE_NAME).write_text("offline = = 1")
    with pytest.raises(UsageError, match=re.escape(f"{cwd / FILE_NAME}: ") + r".*line 1"):
        read(cwd, home)


def test_an_undecodable_file_is_named(cwd: Path, home: Path) -> None:
    """Bytes that are no UTF-8 are a fault of that file."""
    (cwd / DOTENV_NAME).write_bytes(b"A=\xff")
    with pytest.raises(UsageError, match=re.escape(f"{cwd / DOTENV_NAME}: cannot be read")):
        read(cwd, home)


def test_a_server_may_hold_the_database(cwd: Path, home: Path) -> None:
    """A PostgreSQL URL is taken in each of its spellings, and what prints the settings does not print its password."""
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        taken = read(cwd, home, DATABASE_URL=f"{scheme}://me:hush@host:5433/db?sslmode=require")
        assert taken.database_url == "postgresql://me:hush@host:5433/db?sslmode=require"
        assert "hush" not in repr(taken)


def test_a_file_may_say_where_the_servers_are(cwd: Path, home: Path) -> None:
    """An address that holds a password can lie in a file of its own; the variable itself wins over it."""
    (cwd / "database").write_text("postgresql://app:hidden@db/causal_eval_bench\n")
    (cwd / "redis").write_text("redis://app:hidden@redis:6379/0\n")
    settings = read(cwd, home, DATABASE_URL_FILE="database", REDIS_URL_FILE=str(cwd / "redis"))
    assert settings.database_url == "postgresql://app:hidden@db/causal_eval_bench"
    assert settings.redis_url == "redis://app:hidden@redis:6379/0"
    assert read(cwd, home, REDIS_URL="redis://other/0", REDIS_URL_FILE="redis").redis_url == "redis://other/0"
    with pytest.raises(UsageError, match="lacking: cannot be read"):
        read(cwd, home, DATABASE_URL_FILE="lacking")


def test_passwords_do_not_show_in_a_message(cwd: Path, home: Path) -> None:
    """A database URL that is refused is printed without its password."""
    with pytest.raises(UsageError) as caught:
        read(cwd, home, DATABASE_URL="mysql://me:hush@host/db")
    assert "hush" not in str(caught.value)
    assert "mysql://me:***@host/db" in str(caught.value)


def test_credentials_come_from_environment_and_dotenv_and_never_show(cwd: Path, home: Path) -> None:
    """The real environment wins; ``repr`` and origins hold no key; an empty key is no key."""
    (cwd / DOTENV_NAME).write_text("OPENAI_API_KEY=from-file\nVLLM_BASE_URL=http://h/v1\n")
    settings = read(cwd, home, OPENAI_API_KEY="from-env", ANTHROPIC_API_KEY=" ", HF_TOKEN="hf", PATH="/bin")
    assert dict(settings.credentials) == {
        "OPENAI_API_KEY": "from-env",
        "VLLM_BASE_URL": "http://h/v1",
        "HF_TOKEN": "hf",
    }
    assert "from-env" not in repr(settings)


def test_misspelt_variables_are_kept_for_the_doctor(cwd: Path, home: Path) -> None:
    """``CEB_`` variables that nothing reads are named, others are none of our business."""
    assert read(cwd, home, CEB_REPROT_DIR="x", CEB_DATA_DIR="l", OTHER="y").unknown == ("CEB_REPROT_DIR",)


def test_an_empty_variable_is_not_set(cwd: Path, home: Path) -> None:
    """``MAX_CONCURRENT_API_CALLS= causal-eval ...`` falls back to the next layer."""
    assert read(cwd, home, MAX_CONCURRENT_API_CALLS="").origins["max_concurrent_api_calls"] == "default"


@pytest.mark.parametrize(
    ("line", "variables"),
    [
        ("A=1", {"A": "1"}),
        ("export A=1", {"A": "1"}),
        (" A = 1 ", {"A": "1"}),
        ('A="x # y"', {"A": "x # y"}),
        ("A='x'  # why", {"A": "x"}),
        ("A=x # why", {"A": "x"}),
        ("A=x#y", {"A": "x#y"}),
        ("A=", {"A": ""}),
        ("A=b=c", {"A": "b=c"}),
        ("# A=1", {}),
        ("", {}),
    ],
)
def test_dotenv_lines(line: str, variables: dict[str, str]) -> None:
    """The forms people write are read as they mean them."""
    faults: list[str] = []
    assert parse_dotenv(line, ".env", faults=faults) == variables
    assert not faults


@given(st.text(max_size=60))
def test_any_text_is_variables_or_faults(text: str) -> None:
    """No ``.env`` file makes the reader fail, and no fault repeats what stands there."""
    faults: list[str] = []
    parse_dotenv(text, "E", faults=faults)
    assert all(re.fullmatch(r"E:\d+: not of the form NAME=value", fault) for fault in faults)


def test_settings_cannot_be_changed(cwd: Path, home: Path) -> None:
    """What a room received stays as it was read."""
    settings = read(cwd, home)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.offline = True  # type: ignore[misc]  # that is the point
    with pytest.raises(TypeError):
        settings.origins["offline"] = "x"  # type: ignore[index]  # that is the point
