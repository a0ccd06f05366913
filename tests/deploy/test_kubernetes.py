"""The manifests, put together by kustomize and decoded into the types of the Kubernetes API."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine_svc.settings import EngineSettings
from history_svc.settings import HistorySettings
from identity_svc.settings import IdentitySettings
from launcher.gateway import GatewayProcessSettings
from mesh.tls import TlsFiles
from monitoring_svc.settings import MonitoringSettings
from notification_svc.settings import NotificationSettings
from tests.deploy.tools import BACKENDS, DEPLOY, checker

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FOLDER = DEPLOY / "kubernetes"


@pytest.fixture(scope="session")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> str:
    return _built(tmp_path_factory.mktemp("kubernetes"))


@pytest.fixture(scope="session")
def tls_manifests(tmp_path_factory: pytest.TempPathFactory) -> str:
    return _built(tmp_path_factory.mktemp("kubernetes-tls"), "components: [../../components/tls]")


@pytest.fixture(scope="session")
def archive_manifests(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("kubernetes-archives")
    return _built(folder, "components: [../../components/tls, ../../components/archives]")


def _built(target: Path, more: str = "") -> str:
    """What kustomize makes of the example overlay, with something added to it."""
    if shutil.which("kubectl") is None:
        pytest.skip("needs kubectl")
    folder = target / "kubernetes"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("stores.env"))
    overlay = folder / "overlays" / "example"
    shutil.copy(overlay / "stores.env.example", overlay / "stores.env")
    with (overlay / "kustomization.yaml").open("a") as kustomization:
        kustomization.write(f"{more}\n")
    result = subprocess.run(["kubectl", "kustomize", overlay], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="session")
def kubernetes_checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checker("kubernetes", tmp_path_factory.mktemp("kubernetes-checker"))


def _check(program: Path, manifests: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program], input=manifests, capture_output=True, text=True, check=False)


def _objects(manifests: str, kind: str) -> dict[str, dict[str, Any]]:
    documents = yaml.safe_load_all(manifests)
    return {each["metadata"]["name"]: each for each in documents if each["kind"] == kind}


def test_the_manifests_are_valid(kubernetes_checker: Path, manifests: str) -> None:
    result = _check(kubernetes_checker, manifests)
    assert result.returncode == 0, result.stdout


def test_with_tls_every_pod_has_a_secret_of_its_own(kubernetes_checker: Path, tls_manifests: str) -> None:
    result = _check(kubernetes_checker, tls_manifests)
    assert result.returncode == 0, result.stdout
    for name, deployment in _objects(tls_manifests, "Deployment").items():
        pod = deployment["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        secrets = {each["name"]: each["secret"]["secretName"] for each in pod["volumes"] if "secret" in each}
        mounts = {each["mountPath"]: secrets.get(each["name"]) for each in container["volumeMounts"]}
        assert mounts["/run/tls"] == f"{name}-tls"
        assert not any("subPath" in each for each in container["volumeMounts"])
        assert "grpc" not in container["readinessProbe"], "the kubelet's gRPC probe knows no TLS"
        if name == "gateway":
            assert mounts["/run/edge"] == "edge-tls"
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                assert container[probe]["httpGet"]["scheme"] == "HTTPS"
    maps = {name: each["data"] for name, each in _objects(tls_manifests, "ConfigMap").items()}
    gateway = GatewayProcessSettings.from_environment({**maps["settings"], **maps["gateway-settings"]}).gateway()
    assert gateway.tls.edge_certificate == Path("/run/edge/tls.crt")
    for settings in (EngineSettings, HistorySettings, MonitoringSettings):
        assert settings.from_environment(maps["settings"]).tls == TlsFiles(
            Path("/run/tls/tls.crt"), Path("/run/tls/tls.key"), Path("/run/tls/ca.crt")
        )
    services = _objects(tls_manifests, "Service")
    assert services["gateway"]["spec"]["ports"][0]["port"] == 443
    assert "h2c" not in tls_manifests


def test_all_pods_of_history_have_the_same_disk_for_archives(
    kubernetes_checker: Path, manifests: str, archive_manifests: str
) -> None:
    result = _check(kubernetes_checker, archive_manifests)
    assert result.returncode == 0, result.stdout
    pod = _objects(archive_manifests, "Deployment")["history"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    variables = {each["name"]: each.get("value") for each in container["env"]}
    folder = HistorySettings.from_environment(
        {"FLOWMESH_HISTORY_ARCHIVE_DIR": variables["FLOWMESH_HISTORY_ARCHIVE_DIR"]}
    ).own_archive_dir
    (mount,) = [each for each in container["volumeMounts"] if each["mountPath"] == str(folder)]
    assert not mount.get("readOnly")
    (volume,) = [each for each in pod["volumes"] if each["name"] == mount["name"]]
    claim = _objects(archive_manifests, "PersistentVolumeClaim")[volume["persistentVolumeClaim"]["claimName"]]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert pod["securityContext"]["fsGroup"] == pod["securityContext"]["runAsGroup"]
    # Without it no shared disk is asked for, and policies with archives are refused.
    assert not _objects(manifests, "PersistentVolumeClaim")
    assert "FLOWMESH_HISTORY_ARCHIVE_DIR" not in manifests


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("terminationGracePeriodSeconds: 40", "terminationGraceSeconds: 40"),
        ("averageUtilization: 70", "averageUtilization: seventy"),
        ("kind: PodDisruptionBudget", "kind: PodDisruptionBudgets"),
    ],
)
def test_the_checker_finds_mistakes(kubernetes_checker: Path, manifests: str, right: str, wrong: str) -> None:
    assert right in manifests
    assert _check(kubernetes_checker, manifests.replace(right, wrong)).returncode == 1


def test_no_secret_is_committed() -> None:
    assert not (FOLDER / "overlays" / "example" / "stores.env").exists()
    assert "kind: Secret" not in "".join(file.read_text() for file in FOLDER.rglob("*.yaml"))


def test_each_service_is_probed_scaled_and_drained(manifests: str) -> None:
    settings = _objects(manifests, "ConfigMap")
    drain = sum(float(settings["settings"]["data"][f"FLOWMESH_{name}_SECONDS"]) for name in ("DRAIN_NOTICE", "DRAIN"))
    deployments = _objects(manifests, "Deployment")
    assert set(deployments) == {"engine", "identity", "form", "notification", "history", "monitoring", "gateway"}
    for name, deployment in deployments.items():
        pod = deployment["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys()
        assert drain < pod["terminationGracePeriodSeconds"]
        assert container["image"] == f"flowmesh/{name}:0.1.0"
        assert container["resources"]["limits"]["memory"]
        assert name in _objects(manifests, "Service")
        for kind in ("HorizontalPodAutoscaler", "PodDisruptionBudget"):
            # Where there is an autoscaler, it has the replicas.
            assert (name in _objects(manifests, kind)) == ("replicas" not in deployment["spec"]), kind
    services = _objects(manifests, "Service")
    for name in ("engine", "identity", "form", "notification", "history"):
        assert services[name]["spec"]["clusterIP"] == "None"


def test_processes_understand_their_settings(manifests: str) -> None:
    maps = {name: each["data"] for name, each in _objects(manifests, "ConfigMap").items()}
    EngineSettings.from_environment(maps["settings"])
    HistorySettings.from_environment(maps["settings"])
    assert IdentitySettings.from_environment(maps["settings"]).identity_address == "dns:///identity:3002"
    NotificationSettings.from_environment(maps["settings"])
    MonitoringSettings.from_environment(maps["settings"])
    gateway = GatewayProcessSettings.from_environment({**maps["settings"], **maps["gateway-settings"]}).gateway()
    assert gateway.hash_on_instance
    assert gateway.backends == BACKENDS
    secret = next(iter(_objects(manifests, "Secret").values()))
    wanted = [
        reference
        for deployment in _objects(manifests, "Deployment").values()
        for variable in deployment["spec"]["template"]["spec"]["containers"][0].get("env", [])
        if (reference := variable.get("valueFrom", {}).get("secretKeyRef"))
    ]
    assert {each["key"] for each in wanted if not each.get("optional")} <= secret["data"].keys()
    assert secret["data"].keys() <= {each["key"] for each in wanted}
