"""The files of a stack's programs, written from its plan; what is secret is readable by its owner alone."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from causal_eval.backups.sealing import make_key
from causal_eval.operations.monitoring import configure
from causal_eval.operations.monitoring.configure import Job, Receivers, Watch
from causal_eval.operations.stack.plan import DATABASE, ROLE, Plan

SUPERUSER = "postgres"
SOCKET = "run/supervisor.sock"
LB_SOCKET = "run/lb.sock"
ROTATE = "20MB"
ROTATED = 5
"""Of each log: how large it grows, and how many old ones are kept."""
RUNNING = "run/up"
"""There while the stack is meant to run."""
RETRIES = 1000
"""Starts in a row that end at once, a second longer apart each time, before a process is given up."""
SENTINEL_SECONDS = 5.0
"""Between two looks of the sentinel."""
CACHE_BYTES = "128mb"
_FOLDERS = (
    "conf",
    "logs",
    "run",
    "app",
    "data",
    "cache",
    "reports",
    "lb",
    "prometheus",
    "alertmanager",
    "monitoring",
    "sentinel",
)


def lay_out(plan: Plan, token: Callable[[], str]) -> None:
    """Make folders, secrets (by *token*, which nobody can guess) and every program's file."""
    plan.root.chmod(0o711)  # PostgreSQL's account goes through
    for name in _FOLDERS:
        (plan.root / name).mkdir(exist_ok=True)
        (plan.root / name).chmod(0o700)
    (plan.root / "secrets").mkdir(mode=0o700, exist_ok=True)
    for name in ("postgres", ROLE, "redis-app", "redis-admin", "metrics-token"):
        if not plan.secret(name).exists():
            write_secret(plan.secret(name), token())
    for role in (SUPERUSER, ROLE):
        write_secret(plan.secret(f"pgpass-{role}"), f"127.0.0.1:*:*:{role}:{read_secret(plan, role)}\n")
    _write(plan.root / "conf/valkey.conf", _valkey(plan))
    _write(plan.root / "conf/valkey.acl", _acl(plan))
    _write(plan.root / "conf/Caddyfile", _caddy(plan))
    write_secret(plan.secret("redis-url"), _redis_url(plan))
    known = {f"redis://127.0.0.1:{plan.ports['redis']}": read_secret(plan, "redis-admin")}
    write_secret(plan.secret("redis-passwords"), json.dumps(known))
    if plan.backups and not plan.secret("backup.key").exists():
        make_key(plan.secret("backup.key"))
    if not (plan.home / ".env").exists():
        write_secret(plan.home / ".env", "# app and workers read this file: keys of providers may stand here\n")
    configure.lay_out(
        plan.root / "monitoring",
        _watch(plan),
        told=Receivers(sentinel=f"{plan.url('sentinel')}/alerts"),
        times=plan.pace,
    )
    plan_processes(plan)


def plan_processes(plan: Plan) -> None:
    """Write which processes the supervisor looks after; it reads that when it is told to."""
    _write(plan.root / "conf/supervisord.conf", _supervisord(plan))


def read_secret(plan: Plan, name: str) -> str:
    """What the file of the secret *name* holds."""
    return plan.secret(name).read_text("utf-8").strip()


def write_secret(path: Path, text: str) -> None:
    """*text* into a file that was never readable for anybody else."""
    part = path.with_name(f"{path.name}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123 - Path.open takes no descriptor
        file.write(text)
    part.replace(path)


def _write(path: Path, text: str) -> None:
    write_secret(path, text)


def _redis_url(plan: Plan) -> str:
    return f"redis://{ROLE}:{read_secret(plan, 'redis-app')}@127.0.0.1:{plan.ports['redis']}/0"


def _valkey(plan: Plan) -> str:
    """It keeps nothing on the disk; nor may it write its title over the environment that it is known by."""
    return f"""bind 127.0.0.1
port {plan.ports["redis"]}
aclfile {plan.root}/conf/valkey.acl
maxmemory {CACHE_BYTES}
maxmemory-policy allkeys-lru
save ""
appendonly no
dir {plan.root}/cache
daemonize no
set-proc-title no
"""


def _acl(plan: Plan) -> str:
    """The app may not flush, configure or look at other clients; whoever operates may."""
    app, admin = (hashlib.sha256(read_secret(plan, f"redis-{who}").encode()).hexdigest() for who in ("app", "admin"))
    return (
        f"user default off\n"
        f"user {ROLE} on #{app} ~* &* +@all -@admin -@dangerous +info -flushall -flushdb\n"
        f"user admin on #{admin} ~* &* +@all\n"
    )


def _caddy(plan: Plan) -> str:
    """Requests go to replicas that are ready; one that may be repeated goes to another where the first one dies.

    How the service is, any replica says that answers, ready or not: without the database none is. One that hangs takes
    requests all the same, and would keep each second probe waiting: it is left out until it is alive, and until that is
    seen a probe that waits for it is answered by another, before whoever asks gives up after two seconds.
    """
    upstreams = " ".join(f"127.0.0.1:{plan.ports[name]}" for name in plan.replicas("app"))
    return f"""{{
	admin unix/{plan.root}/{LB_SOCKET}
	persist_config off
	auto_https off
	log {{
		output stderr
		format json
		level WARN
	}}
}}
http://:{plan.ports["lb"]} {{
	bind {plan.host}
	@inside path /metrics /metrics/*
	respond @inside 404
	@health path /health /health/*
	handle @health {{
		reverse_proxy {upstreams} {{
			lb_policy round_robin
			lb_try_duration 2s
			lb_try_interval 100ms
			health_uri /health/live
			health_interval 1s
			health_timeout 2s
			transport http {{
				dial_timeout 1s
				response_header_timeout 1500ms
			}}
		}}
	}}
	reverse_proxy {upstreams} {{
		lb_policy round_robin
		lb_try_duration 10s
		lb_try_interval 100ms
		lb_retry_match {{
			method GET HEAD PUT DELETE OPTIONS
		}}
		lb_retry_match {{
			header Idempotency-Key *
		}}
		request_buffers 4MiB
		health_uri /health/ready
		health_interval 1s
		health_timeout 2s
		fail_duration 1s
		transport http {{
			dial_timeout 1s
			keepalive 30s
		}}
	}}
}}
"""


def _watch(plan: Plan) -> Watch:
    def at(*names: str) -> tuple[str, ...]:
        return tuple(f"127.0.0.1:{plan.ports[name]}" for name in names)

    jobs = (
        Job(name="causal-eval-api", targets=at(*plan.replicas("app"))),
        Job(name="causal-eval-worker", targets=at(*plan.replicas("worker"))),
        Job(name="causal-eval-sentinel", targets=at("sentinel")),
        *(
            Job(name=name.removesuffix("-exporter"), targets=at(name))
            for name in plan.programs.monitoring
            if name != "blackbox"
        ),
    )
    if plan.programs.blackbox:  # it asks as users do: through the balancer
        health, prober = f"{plan.url('lb')}/health", f"127.0.0.1:{plan.ports['blackbox']}"
        jobs = (*jobs, Job(name="causal-eval-probe", targets=(health,), prober=prober))
    return Watch(jobs=jobs, alertmanagers=at(*(["alertmanager"] if plan.programs.alertmanager else [])))


def _supervisord(plan: Plan) -> str:
    owner = f"user={os.geteuid()}" if os.geteuid() == 0 else ""
    head = f"""[unix_http_server]
file={plan.root}/{SOCKET}
chmod=0700

[supervisord]
identifier={plan.id}
nodaemon=true
silent=true
{owner}
directory={plan.root}
pidfile={plan.root}/run/supervisord.pid
logfile={plan.logs}/supervisord.log
logfile_maxbytes={ROTATE}
logfile_backups={ROTATED}
childlogdir={plan.logs}
environment={_variables(plan.environment())}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{plan.root}/{SOCKET}
"""
    return "\n".join([head, *_sections(plan)])


def _sections(plan: Plan) -> Iterator[str]:
    programs, root = plan.programs, plan.root
    yield _section(
        plan, "postgres", [f"{programs.postgres}/postgres", "-D", f"{root}/postgres/data"],
        f"directory={root}/postgres", "stopsignal=INT", *([f"user={programs.servant}"] if programs.servant else []),
    )  # fmt: skip
    yield _section(plan, "redis", [programs.valkey, f"{root}/conf/valkey.conf"])
    for name in plan.replicas("worker"):
        metrics = {"CEB_METRICS_PORT": str(plan.ports[name])}
        yield _section(plan, name, [*plan.command(name), "worker"], f"directory={plan.home}", more=metrics)
    for name in plan.replicas("app"):
        place = ["--host", "127.0.0.1", "--port", str(plan.ports[name]), "--proxy", "127.0.0.1"]
        command = [*plan.command(name), "app", *place, *([] if plan.login else ["--no-login"])]
        yield _section(plan, name, command, f"directory={plan.home}")
    homes = {"XDG_CONFIG_HOME": f"{root}/lb", "XDG_DATA_HOME": f"{root}/lb"}
    balance = [programs.caddy, "run", "--config", f"{root}/conf/Caddyfile", "--adapter", "caddyfile"]
    yield _section(plan, "lb", balance, more=homes)
    if plan.backups:
        role = {**plan.environment(SUPERUSER), "PATH": f"{programs.postgres}:{os.environ.get('PATH', '')}"}
        command = [*plan.command(), "backup", "every", "24h", "--log", "5s"]
        yield _section(plan, "backup", command, f"directory={plan.home}", more=role)
    yield from _watching(plan)


def _watching(plan: Plan) -> Iterator[str]:
    """What watches, as far as it is installed and wanted."""
    folder = plan.root / "monitoring"
    place = {name: f"--web.listen-address=127.0.0.1:{plan.ports[name]}" for name in plan.programs.monitoring}
    if "sentinel" in plan.names:
        look = str(max(0.5, SENTINEL_SECONDS / plan.pace))
        command = [*plan.command(), "sentinel", "--port", str(plan.ports["sentinel"]), "--every", look]
        asked = {"CEB_PROBES": f"api={plan.url('lb')}/health", "CEB_STATUS_DIR": f"{plan.root}/status"}
        if "alertmanager" in plan.names:
            asked["CEB_ALERTMANAGER_URL"] = plan.url("alertmanager")
        if "prometheus" in plan.names:
            asked["CEB_PROMETHEUS_URL"] = plan.url("prometheus")
        else:
            asked["CEB_WATCHED_METRICS"] = ",".join(f"{plan.url(name)}/metrics" for name in plan.replicas("app"))
        yield _section(plan, "sentinel", command, f"directory={plan.root}/sentinel", more=asked)
    if "blackbox" in plan.names:
        yield _section(
            plan, "blackbox", [plan.programs.blackbox, f"--config.file={folder}/blackbox.yml", place["blackbox"]]
        )
    for name, (flags, variables) in _exporters(plan).items():
        if name in plan.names:
            yield _section(plan, name, [*flags, place[name]], more=variables)
    if "prometheus" in plan.names:
        again = f"--rules.alert.resend-delay={max(1, 60 // plan.pace)}s"  # what is not handed over is noticed by it
        kept = ["--storage.tsdb.retention.time=15d", "--web.enable-lifecycle", again]
        store = [f"--storage.tsdb.path={plan.root}/prometheus", f"--config.file={folder}/prometheus.yml"]
        yield _section(plan, "prometheus", [plan.programs.prometheus, *store, *kept, place["prometheus"]])
    if "alertmanager" in plan.names:
        alone = "--cluster.listen-address="  # the only one
        store = [f"--storage.path={plan.root}/alertmanager", f"--config.file={folder}/alertmanager.yml"]
        yield _section(plan, "alertmanager", [plan.programs.alertmanager, *store, alone, place["alertmanager"]])


class _Exporter(NamedTuple):
    flags: list[str]
    variables: dict[str, str]


def _exporters(plan: Plan) -> dict[str, _Exporter]:
    """What tells Prometheus of servers that do not speak to it, as accounts that may see everything."""
    # What Debian's exporter asks of a later PostgreSQL in vain, every time, is no news in the server's log.
    quiet = "options=-c%20log_min_messages%3Dfatal"
    database = f"127.0.0.1:{plan.ports['postgres']}/{DATABASE}?sslmode=disable&{quiet}"
    return {
        "postgres-exporter": _Exporter(
            [plan.programs.postgres_exporter],
            {
                "DATA_SOURCE_URI": database,
                "DATA_SOURCE_USER": SUPERUSER,
                "DATA_SOURCE_PASS_FILE": str(plan.secret(SUPERUSER)),
            },
        ),
        "redis-exporter": _Exporter(
            [plan.programs.redis_exporter],
            {
                "REDIS_ADDR": f"redis://127.0.0.1:{plan.ports['redis']}",
                "REDIS_USER": "admin",
                "REDIS_PASSWORD_FILE": str(plan.secret("redis-passwords")),
            },
        ),
    }


def _section(plan: Plan, name: str, command: list[str], *lines: str, more: Mapping[str, str] | None = None) -> str:
    said = [
        f"[program:{name}]",
        f"command={shlex.join(command).replace('%', '%%')}",
        "autostart=false",  # `up` starts them in order, each when the one before is ready
        "autorestart=true",
        f"startretries={RETRIES}",
        "stopwaitsecs=45",
        "redirect_stderr=true",
        f"stdout_logfile={plan.logs}/{name}.log",
        f"stdout_logfile_maxbytes={ROTATE}",
        f"stdout_logfile_backups={ROTATED}",
        *([f"environment={_variables(more)}"] if more else []),
        *lines,
    ]
    return "\n".join([*said, ""])


def _variables(values: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{value.replace("%", "%%")}"' for name, value in values.items())
