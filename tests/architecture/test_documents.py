"""What is committed names no machine and no registry; what is documented exists, and what exists is documented."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from causal_eval.service.live_settings import HOT
from causal_eval.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[2]

_HOSTS = (
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("debian", "org"),
    ("crates", "io"),
)
FORBIDDEN = [
    *(r"\.".join(host) for host in _HOSTS),
    r"conda\.anaconda",
    "/wo" + "rk/",
    "/opt" + "/(?:pypi|wheels)",
    "/ro" + "ot/",
    r"\.lib" + "rary/",
    "index" + "-url ",
]
"""Hosts of package registries and paths of one machine, as patterns (in pieces, so as not to find themselves)."""

SKIPPED = {"Makefile": "index" + "-url "}
"""The lock is compiled with the flag that keeps the index out of it."""


def committed() -> list[Path]:
    """Every file that git knows or would take; in an unpacked distribution, every file."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        return [path for path in ROOT.rglob("*") if path.is_file() and not {".venv", ".tools"} & set(path.parts)]
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def places(text: str, path: str) -> list[str]:
    """Every line of *text* that names what no committed file names."""
    patterns = re.compile("|".join(p for p in FORBIDDEN if SKIPPED.get(path) != p), re.IGNORECASE)
    return [f"{path}:{n}: {line[:120]}" for n, line in enumerate(text.splitlines(), 1) if patterns.search(line)]


def test_no_committed_file_names_a_registry_or_a_machine() -> None:
    """Someone else's machine and mirror must do: nothing points at ours."""
    found: list[str] = []
    for path in committed():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # a binary file
        found += places(text, path.relative_to(ROOT).as_posix())
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize(
    "line",
    [
        "see https://" + "py" + "pi.org/simple",
        "cd /wo" + "rk/main",
        "--extra-index" + "-url x",
        "cat /ro" + "ot/.netrc",
    ],
)
def test_a_planted_name_is_found(line: str) -> None:
    """The search finds what it looks for."""
    assert len(places(f"first\n{line}\n", "x.md")) == 1


def test_no_lock_file_names_where_packages_come_from() -> None:
    """``requirements/*.txt`` hold names, versions, markers and hashes, nothing else."""
    line = re.compile(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert "dev.txt" in {path.name for path in locks}
    for path in locks:
        odd = [text for text in path.read_text("utf-8").splitlines() if not line.fullmatch(text)]
        assert not odd, path.name


def test_every_setting_is_documented_and_nothing_else() -> None:
    """``docs/reference/settings.md`` has a row for every setting: variable, key, what is allowed."""
    text = (ROOT / "docs/reference/settings.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| ([^|]+) \|", text, flags=re.MULTILINE)
    documented = {(variable, name, allowed.strip()) for variable, name, allowed in rows}
    assert documented == {(setting.variable, setting.name, setting.allowed) for setting in SETTINGS}


def test_every_setting_sets_something() -> None:
    """Each is read at a door: none stands there for show."""
    rooms = ("cli", "operations", "service", "api", "worker", "sentinel")
    doors = " ".join(
        path.read_text("utf-8") for room in rooms for path in (ROOT / f"src/causal_eval/{room}").rglob("*.py")
    )
    assert not [one.name for one in SETTINGS if not re.search(rf"\b(settings|now)\.{one.name}\b", doors)]


def test_what_holds_while_a_process_runs_is_documented() -> None:
    """``docs/reference/settings.md`` names exactly the settings that are heeded when they change."""
    text = (ROOT / "docs/reference/settings.md").read_text("utf-8")
    (said,) = re.findall(r"heed a change of these .*?: (.*?), keys", text, flags=re.DOTALL)
    assert set(re.findall(r"`(\w+)`", said)) == {one.variable for one in SETTINGS if one.name in HOT}


def test_links_between_documents_lead_somewhere() -> None:
    """Every relative link in a Markdown file names a file that exists."""
    links = [
        (path, target)
        for path in committed()
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text("utf-8"))
    ]
    dead = [f"{path}: {to}" for path, to in links if "://" not in to and not (path.parent / to).exists()]
    assert not dead, dead


def test_decision_records_are_whole() -> None:
    """Numbered without gap; each says context, decision and consequences, and is listed in the index."""
    folder = ROOT / "docs" / "decisions"
    records = sorted(folder.glob("[0-9]*.md"))
    index = (folder / "README.md").read_text("utf-8")
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text("utf-8")
        assert re.match(rf"# {int(path.name[:4])}\. \S", text), path.name
        assert [h for h in ("Context", "Decision", "Consequences") if f"\n## {h}\n" not in text] == []
        assert f"({path.name})" in index, path.name


def test_the_changelog_has_one_sentence_an_entry() -> None:
    """An entry is one line that ends with a full stop: the outcome a user can see."""
    entries = [e for e in (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines() if e.startswith("- ")]
    assert entries
    assert not [entry for entry in entries if not entry.endswith(".") or ". " in entry.replace("e.g. ", "")]


def test_make_help_lists_every_target() -> None:
    """``make help`` is complete: every phony target has its line."""
    text = (ROOT / "Makefile").read_text("utf-8")
    phony = set(re.findall(r"^\.PHONY: (.+)$", text, flags=re.MULTILINE)[0].split())
    assert phony == set(re.findall(r"^([a-z-]+):.*  ## ", text, flags=re.MULTILINE))
