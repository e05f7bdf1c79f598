"""What is done to a stack, of processes or of containers, as steps that can be shown before they are taken."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from causal_eval.errors import OperationFailed
from causal_eval.operations.stack.files import SUPERUSER
from causal_eval.operations.stack.plan import DATABASE, Plan, load_plan
from causal_eval.operations.stack.raising import supervisor_of

COMPOSE_FILE = "docker-compose.yml"
SCALED = ("app", "worker")
"""What there may be several of."""
_LOOK_SECONDS = 20
_REVISION = 12
"""Digits of a commit, by which docker/build.sh tags an image."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: a command, or something of this program's own that *said* describes."""

    argv: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None
    act: Callable[[], None] | None = None
    said: str = ""

    def __str__(self) -> str:
        """As it could be typed."""
        return self.said or " ".join(
            word if word.isprintable() and " " not in word else repr(word) for word in self.argv
        )


@dataclass(frozen=True, slots=True)
class Containers:
    """The stack of ``docker-compose.yml`` in *folder*."""

    compose: tuple[str, ...]
    folder: str

    def logs(self, service: str, *, follow: bool) -> list[Step]:
        """What it says, from the beginning."""
        shape = ("--no-color", "--no-log-prefix", *(["--follow"] if follow else []))
        return [self._step("logs", *shape, service)]

    def psql(self, words: Sequence[str], *, terminal: bool) -> list[Step]:
        """The database as its superuser."""
        return [
            self._step(
                "exec", *_no_terminal(terminal), "postgres", "psql", "-X", "-U", "postgres", "-d", DATABASE, *words
            )
        ]

    def shell(self, *, terminal: bool) -> list[Step]:
        """A shell beside the app."""
        return [self._step("exec", *_no_terminal(terminal), "app", "sh")]

    def run(self, words: Sequence[str], *, superuser: bool) -> list[Step]:
        """A command of ours beside the app; where it needs the database's superuser, in a container for backups.

        That one is made for the command: the service of backups need not run.
        """
        if superuser:
            return [self._step("run", "--rm", "--no-deps", "-T", "backup", *words)]
        where = "sentinel" if words[:1] == ["incident"] else "app"  # its file is nobody else's
        return [self._step("exec", "-T", where, "causal-eval", *words)]

    def restart(self, service: str) -> list[Step]:
        """Made anew one after another, so that what changed of the environment is taken up."""
        return [self._script("restart.sh", service)]

    def scale(self, service: str, count: int) -> list[Step]:
        """As many from now on, also after the next `up`."""
        return [self._script("scale.sh", service, str(count))]

    def rollback(self, to: str) -> list[Step]:
        """An earlier image again, behind its health check; *to* is a tag, or a version as ``deploys`` names it."""
        tag = to.partition("+")[2][:_REVISION] or to
        return [self._script("rollback.sh", *([tag] if tag else []))]

    def health(self, *, json: bool) -> list[Step]:
        """How everything is, asked from a container of its own: neither app nor worker need run."""
        return [self._script("health.sh", *(["--json"] if json else []))]

    def stats(self, service: str) -> list[Step]:
        """Processor and memory of each container, once; empty: of all that run on this machine."""
        return [self._script("stats.sh", *([service] if service else []))]

    def status(self) -> list[Step]:
        """How each container is."""
        return [self._step("ps", "--all")]  # with how one ended that does not run

    def _step(self, *words: str) -> Step:
        return Step((*self.compose, *words), cwd=self.folder)

    def _script(self, name: str, *words: str) -> Step:
        return Step(("bash", f"docker/{name}", *words), {"COMPOSE": " ".join(self.compose)}, self.folder)


def find_containers(folder: Path) -> Containers | None:
    """The containers of the compose file in *folder*; None: there is no such file, or no Compose."""
    if not (folder / COMPOSE_FILE).exists():
        return None
    if shutil.which("docker-compose"):
        return Containers(("docker-compose",), str(folder))
    docker = shutil.which("docker")
    return Containers(("docker", "compose"), str(folder)) if docker else None


def running_containers(folder: Path) -> Containers | None:
    """Those of *folder*, if one runs."""
    found = find_containers(folder)
    if found is None:
        return None
    try:
        told = subprocess.run(  # noqa: S603 - Compose itself
            (*found.compose, "ps", "-q"), cwd=folder, capture_output=True, text=True, timeout=_LOOK_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found if told.returncode == 0 and told.stdout.strip() else None


def running_plan(folder: Path) -> Plan | None:
    """The stack of processes in *folder*, if it runs."""
    plan = load_plan(folder)
    return plan if plan is not None and supervisor_of(plan).states() is not None else None


def psql(plan: Plan, words: Sequence[str]) -> Step:
    """The database as its superuser, over a connection that app and workers cannot use up."""
    url = plan.database_url(SUPERUSER)
    env = {"PGPASSFILE": str(plan.secret(f"pgpass-{SUPERUSER}")), "PGAPPNAME": "causal-eval stack psql", "PAGER": "cat"}
    return Step((f"{plan.programs.postgres}/psql", "-X", url, *words), env)


def shell(plan: Plan) -> Step:
    """A shell that is set up as app and workers are."""
    said = f"/bin/bash in {plan.home}, with the variables of app and workers"
    folders = (Path(plan.command()[0]).parent, plan.programs.postgres, os.environ.get("PATH", ""))
    path = {"PATH": ":".join(map(str, folders))}
    return Step(("/bin/bash",), {**plan.environment(), **path}, cwd=str(plan.home), said=said)


def run(plan: Plan, words: Sequence[str], *, superuser: bool) -> Step:
    """A command of ours, set up as app and workers are; as the superuser of the database where it must be."""
    role = plan.environment(SUPERUSER) if superuser else plan.environment()
    servers = {"PATH": f"{plan.programs.postgres}:{os.environ.get('PATH', '')}"}  # a version holds none
    return Step((*plan.command(), *words), {**role, **servers}, str(plan.home))


def log_paths(plan: Plan, service: str) -> list[Path]:
    """The logs of a service, with the one before where it was turned over."""
    paths = [plan.logs / f"{name}.log" for name in plan.of(service)]
    return [path for log in paths for path in (log.with_name(f"{log.name}.1"), log) if path.exists()]


def merged(paths: Sequence[Path]) -> Iterator[str]:
    """The lines of several logs by time; what does not begin with a time stays with the line before."""
    entries: list[tuple[str, str]] = []
    for path in paths:
        stamp = ""
        for line in path.read_text("utf-8", errors="replace").splitlines():
            if line[:4].isdigit() and line[4:5] == "-":
                stamp = line[:23].replace("T", " ")
            entries.append((stamp, line))
    return (line for _, line in sorted(entries, key=lambda entry: entry[0]))


def usage(pids: Mapping[str, int]) -> Iterator[str]:
    """Memory and processor time of processes, a line each, from the kernel's own files."""
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    width = max(map(len, pids), default=0) + 2
    yield f"{'NAME':<{width}}{'PID':>8}{'MEMORY':>12}{'CPU':>12}"
    for name, pid in pids.items():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        seconds, memory = (int(fields[11]) + int(fields[12])) / tick, int(fields[21]) * page
        yield f"{name:<{width}}{pid:>8}{memory / 2**20:>8.1f} MiB{seconds:>10.1f} s"


def take(step: Step) -> int:
    """Take *step* in this terminal; its exit code."""
    if step.act is not None:
        step.act()
        return 0
    try:
        return subprocess.run(  # noqa: S603 - a program of the stack
            step.argv, env={**os.environ, **step.env}, cwd=step.cwd, check=False
        ).returncode
    except FileNotFoundError as error:
        raise OperationFailed(f"{step.argv[0]} is not there ({error.strerror}): {step}") from error


def _no_terminal(terminal: bool) -> list[str]:  # noqa: FBT001 - it is what the name says
    return [] if terminal else ["-T"]
