"""docker-compose.yml: what the runbook names is there, scales, is bounded, and holds no secret."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from causal_eval.operations.monitoring.configure import FOLDER

Services = dict[str, dict[str, Any]]

NAMED = {"app", "worker", "postgres", "redis", "prometheus", "alertmanager", "grafana", "nginx"}
"""By the runbook and what it presumes."""
SCALED = {"app", "worker"}
PUBLISHED = {"nginx", "prometheus", "alertmanager", "grafana"}
HOME_MADE = {"app", "worker", "migrate", "prepare", "backup", "sentinel"}
_SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|API_KEY|DATABASE_URL|REDIS_URL|MASTER_KEY|SIGNING_KEY")


def mounted(services: Services, name: str) -> dict[str, str]:
    """Where each volume of a service comes from, by where it is mounted."""
    parts = [str(volume).split(":") for volume in services[name].get("volumes", [])]
    return {part[1]: part[0] for part in parts}


def test_composes_own_program_accepts_it(root: Path, tmp_path: Path) -> None:
    """All profiles, without any variable set: names, conditions and units are Compose's."""
    compose = Path(sysconfig.get_path("purelib")) / "compose/docker-compose"  # the script in bin/ ends with 0 always
    command = f"{compose} --profile * -f {root}/docker-compose.yml --env-file {os.devnull} config -q".split()
    run = subprocess.run(
        command, cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")


def test_what_the_runbook_names_is_there(services: Services) -> None:
    """Its commands say these words."""
    assert services.keys() >= NAMED
    assert services["postgres"]["environment"]["POSTGRES_DB"] == "causal_eval_bench"


@pytest.mark.parametrize("name", sorted(SCALED))
def test_replicas_do_not_get_in_each_others_way(services: Services, name: str) -> None:
    """No name and no port that only one can have; how many there are is remembered between commands."""
    service = services[name]
    assert not {"container_name", "ports"} & service.keys()
    assert service["deploy"]["replicas"] == f"${{{name.upper()}_REPLICAS:-1}}"


def test_only_the_front_is_reached_from_elsewhere(services: Services) -> None:
    """Everything else that is published is so to this machine alone, and plain http too."""
    assert {name for name, service in services.items() if "ports" in service} == PUBLISHED
    open_to_all = [
        port
        for service in services.values()
        for port in service.get("ports", [])
        if not str(port).startswith(("127.0.0.1:", "${HTTP_BIND:-127.0.0.1}:"))
    ]
    assert open_to_all == ["${HTTPS_BIND:-0.0.0.0}:${HTTPS_PORT:-8443}:8443"]


def test_the_database_has_no_way_out(compose: dict[str, Any]) -> None:
    """PostgreSQL and Redis are on one network that leads nowhere, and nginx is not on it."""
    services = compose["services"]
    assert services["postgres"]["networks"] == services["redis"]["networks"] == ["back"]
    assert compose["networks"]["back"]["internal"] is True
    assert services["nginx"]["networks"] == ["front"]


def test_nothing_has_more_rights_than_it_needs(services: Services) -> None:
    """No root, no capability, no writing outside of volumes, nothing of the machine's own."""
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not {"privileged", "cap_add", "devices", "pid", "ipc"} & service.keys(), name
        assert service.get("network_mode", "none") == "none", name
        assert str(service["user"]).split(":")[0] not in {"0", "root"}, name
        assert not any("docker.sock" in source for source in mounted(services, name).values()), name


def test_everything_is_bounded(services: Services) -> None:
    """Memory, processors, processes and logs of each; and each is told how to end and when to start again."""
    for name, service in services.items():
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}, name
        assert service["logging"]["options"]["max-size"] == "10m", name
        assert "restart" in service, name
    lasting = services.keys() - {"migrate", "prepare"}
    assert {services[name]["restart"] for name in lasting} == {"unless-stopped"}
    for name in ("app", "worker", "postgres", "redis", "nginx"):
        assert "stop_grace_period" in services[name], name
        assert "test" in services[name]["healthcheck"], name


def test_images_are_pinned(services: Services) -> None:
    """Ours by the tag that a rollback moves, and never looked for elsewhere; all others by a version."""
    for name in HOME_MADE:
        assert services[name]["image"].endswith(":${TAG:-current}"), name
        assert services[name]["pull_policy"] == "never", name
    for name in services.keys() - HOME_MADE:
        assert re.fullmatch(r"\$\{[A-Z_]+_IMAGE:-[a-z0-9/_-]+:v?\d+\.\d+(\.\d+)?\}", services[name]["image"]), name


def test_the_database_is_brought_up_to_date_first(services: Services) -> None:
    """App and worker wait until that has ended well."""
    for name in SCALED:
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert services["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}


def said(services: Services) -> Iterator[tuple[str, str, str]]:
    """Service, variable and value of every environment."""
    for name, service in services.items():
        for variable, value in (service.get("environment") or {}).items():
            yield name, variable, str(value)


def test_the_sentinel_needs_nobody(services: Services) -> None:
    """It waits for its folders alone, reaches neither PostgreSQL nor Redis, and has a file that is nobody else's."""
    sentinel = services["sentinel"]
    assert sentinel["depends_on"].keys() == {"prepare"}
    assert "back" not in sentinel["networks"]
    assert not [one for one in sentinel["environment"] if "DATABASE" in one or "REDIS" in one]
    kept = mounted(services, "sentinel")[str(Path(sentinel["environment"]["CEB_INCIDENTS"]).parent)]
    assert {name for name in services if kept in mounted(services, name).values()} == {"sentinel", "prepare"}
    assert "test" in sentinel["healthcheck"]


def test_the_status_page_is_handed_out_by_the_front(root: Path, services: Services) -> None:
    """From the files themselves, which it only reads: neither the app nor the sentinel has to answer for that."""
    page = mounted(services, "sentinel")[services["sentinel"]["environment"]["CEB_STATUS_DIR"]]
    assert f"{page}:/srv/status:ro" in services["nginx"]["volumes"]
    routes = (root / "docker/nginx/routes.conf").read_text("utf-8")
    (place,) = re.findall(r"location \^~ /status/ \{(.*?)\n\}", routes, flags=re.DOTALL)
    assert "root /srv;" in place
    assert "proxy_pass" not in place


def test_alerts_reach_the_sentinel(root: Path, services: Services) -> None:
    """Alertmanager and Prometheus show it the token that it wants, and both have the file."""
    told = yaml.safe_load((root / "docker/alertmanager/alertmanager.yml").read_text("utf-8"))
    (hook,) = next(one["webhook_configs"] for one in told["receivers"] if one["name"] == "sentinel")
    host, _, port = hook["url"].removeprefix("http://").removesuffix("/alerts").partition(":")
    assert (host, [port]) == ("sentinel", services["sentinel"]["expose"])
    token = services["sentinel"]["environment"]["CEB_SENTINEL_TOKEN_FILE"]
    assert hook["http_config"]["authorization"]["credentials_file"] == token
    assert services["app"]["environment"]["CEB_SENTINEL_URL"] == f"http://sentinel:{port}"
    assert set(services["app"]["networks"]) & set(services["sentinel"]["networks"])
    for name in ("alertmanager", "prometheus", "sentinel", "app", "worker"):
        assert Path(token).name in services[name]["secrets"], name


def test_no_environment_holds_a_secret(services: Services) -> None:
    """A variable with such a name says in which file it lies, and the service has that file."""
    secrets = [one for one in said(services) if _SECRET.search(one[1])]
    assert {"app", "worker", "postgres", "sentinel"} <= {name for name, _, _ in secrets}
    for name, variable, value in secrets:
        assert variable.endswith(("_FILE", "__FILE")), (name, variable)
        places = {f"/run/secrets/{secret}" for secret in services[name].get("secrets", [])}
        assert value in places or value.startswith(("/run/keys/", "/var/lib/causal-eval/")), (name, variable)


def test_secrets_are_files_that_nobody_commits(compose: dict[str, Any], root: Path) -> None:
    """All lie in one folder, from which git takes nothing but its own rule."""
    files = {secret["file"] for secret in compose["secrets"].values()}
    assert all(file.startswith("./docker/secrets/") for file in files)
    ignored = subprocess.run(
        ["git", "check-ignore", *sorted(files), "docker/secrets/keys/master.key"],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ignored.returncode != 128:  # an unpacked distribution is no repository
        assert len(ignored.stdout.split()) == len(files) + 1
    wanted = {secret for service in compose["services"].values() for secret in service.get("secrets", [])}
    assert wanted == compose["secrets"].keys()


def test_keys_can_be_replaced_while_it_runs(services: Services) -> None:
    """A mounted file would stay the old one when it is replaced: keys and settings are mounted by their folder."""
    for name in SCALED:
        assert mounted(services, name)["/run/keys"] == "./docker/secrets/keys"
        assert mounted(services, name)["/etc/causal-eval"] == "./docker/config"


def test_what_is_mounted_from_here_is_there_and_is_only_read(services: Services, root: Path) -> None:
    """A path that does not exist would become an empty folder."""
    volumes = [str(volume) for service in services.values() for volume in service.get("volumes", [])]
    own = [volume.split(":") for volume in volumes if volume.startswith("./")]
    assert {part[2] for part in own} == {"ro"}
    lacking = {part[0] for part in own if not (root / part[0]).exists()}
    assert lacking <= {"./docker/secrets/keys"}, lacking


def test_prometheus_asks_every_replica(root: Path, services: Services) -> None:
    """By the name of the service, again and again; and each target is a service of this file."""
    config = yaml.safe_load((root / "docker/prometheus/prometheus.yml").read_text("utf-8"))
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    for name, service in (("causal-eval-api", "app"), ("causal-eval-worker", "worker")):
        (found,) = jobs[name]["dns_sd_configs"]
        assert found["names"] == [service]
        assert str(found["port"]) in services[service]["expose"]
        assert jobs[name]["authorization"]["credentials_file"] == "/run/secrets/metrics_token"
    targets = [
        target.removeprefix("http://").split(":")[0]
        for job in jobs.values()
        for group in job.get("static_configs", [])
        for target in group["targets"]
    ]
    assert set(targets) <= services.keys() | {"localhost"}


def test_what_watches_is_what_the_program_writes(root: Path, tmp_path: Path, services: Services) -> None:
    """Both configurations are those of the one generator; rules and probes are the program's own files."""
    written = ("prometheus/prometheus.yml", "alertmanager/alertmanager.yml")
    for name in written:
        (tmp_path / name).parent.mkdir()
    subprocess.run([sys.executable, "-m", "causal_eval.operations.monitoring.configure", tmp_path], check=True)
    for name in written:
        assert (root / "docker" / name).read_text("utf-8") == (tmp_path / name).read_text("utf-8"), name
    for name in ("prometheus", "blackbox-exporter"):
        own = mounted(services, name)["/etc/causal-eval-monitoring"]
        assert (root / own).samefile(FOLDER)
    assert (FOLDER / services["blackbox-exporter"]["command"][0].rpartition("/")[2]).is_file()


def test_grafana_finds_dashboards_and_where_their_numbers_come_from(root: Path, services: Services) -> None:
    """What it provisions names folders that are mounted, and the kind of source that every dashboard asks for."""
    own = mounted(services, "grafana")
    provisioning = root / own["/etc/grafana/provisioning"]
    (provider,) = yaml.safe_load((provisioning / "dashboards/causal-eval.yml").read_text("utf-8"))["providers"]
    boards = [json.loads(path.read_text("utf-8")) for path in (root / own[provider["options"]["path"]]).glob("*.json")]
    assert len({board["uid"] for board in boards}) == len({board["title"] for board in boards}) == 7
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text("utf-8"))["datasources"]
    assert {one["query"] for board in boards for one in board["templating"]["list"]} == {source["type"]}
    host, _, port = source["url"].removeprefix("http://").partition(":")
    assert host in services
    assert str(services[host]["ports"][0]).endswith(f":{port}")
    assert set(services["grafana"]["networks"]) & set(services[host]["networks"])


def test_the_front_finds_replicas_anew(root: Path) -> None:
    """Docker's name server is asked again each second, and only a variable has nginx ask at all."""
    config = (root / "docker/nginx/nginx.conf").read_text("utf-8")
    routes = (root / "docker/nginx/routes.conf").read_text("utf-8")
    assert "resolver 127.0.0.11 valid=1s" in config
    assert not re.search(r"^\s*upstream\b", config + routes, flags=re.MULTILINE)
    assert set(re.findall(r"proxy_pass ([^;]+);", routes)) == {"$up", "$sentinel"}
    assert "proxy_buffering off;" in routes
    assert re.search(r"location \^~ /metrics \{\s*return 404;", routes)


def test_redis_is_a_cache_that_the_program_cannot_empty(root: Path) -> None:
    """Bounded, kept nowhere, and without an account that needs no password."""
    config = (root / "docker/redis/redis.conf").read_text("utf-8")
    settings = dict(line.split(maxsplit=1) for line in config.splitlines() if line and not line.startswith("#"))
    assert settings["maxmemory"] == "192mb"
    assert settings["maxmemory-policy"] == "allkeys-lru"
    assert (settings["save"], settings["appendonly"]) == ('""', "no")
    made = (root / "docker/make-secrets.sh").read_text("utf-8")
    assert "user default off" in made
    assert re.search(r"user app on #\S+.* ~ceb:\* .*-@all .*-@dangerous", made)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("superuser_reserved_connections", "5"),
        ("shared_preload_libraries", "'pg_stat_statements,auto_explain'"),
        ("statement_timeout", "60s"),
        ("idle_in_transaction_session_timeout", "60s"),
        ("idle_session_timeout", "6h"),
        ("archive_mode", "on"),
        ("wal_level", "replica"),
    ],
)
def test_postgresql_is_set_up_for_trouble(root: Path, services: Services, setting: str, value: str) -> None:
    """Operators get in when it is full, what hangs is broken off, pages carry checksums, the log is kept."""
    config = (root / "docker/postgres/postgresql.conf").read_text("utf-8")
    assert re.search(rf"^{setting} = {re.escape(value)}$", config, flags=re.MULTILINE)
    assert "--data-checksums" in services["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]
