"""deploy/compose.yaml, read by the library of `docker compose`."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine_svc.settings import EngineSettings
from form_svc.settings import FormSettings
from history_svc.settings import HistorySettings
from identity_svc.settings import IdentitySettings
from launcher.certificates import make_certificates
from launcher.gateway import GatewayProcessSettings
from launcher.tls import check_files, process_files
from mesh.settings import SettingsError
from mesh.tls import read_identity
from monitoring_svc.settings import MonitoringSettings
from notification_svc.settings import NotificationSettings
from tests.deploy.tools import BACKENDS, DEPLOY, ROOT, checker

# The checker is compiled, with all that it is made of.
pytestmark = pytest.mark.timeout(900)

FILE = DEPLOY / "compose.yaml"
PASSWORDS = {
    "FLOWMESH_DB_ROOT_PASSWORD": "r",
    "FLOWMESH_ENGINE_DB_PASSWORD": "e",
    "FLOWMESH_IDENTITY_DB_PASSWORD": "i",
    "FLOWMESH_NOTIFICATION_DB_PASSWORD": "n",
    "FLOWMESH_HISTORY_DB_PASSWORD": "h",
    "FLOWMESH_FORM_DB_PASSWORD": "f",
    "FLOWMESH_MESH_SECRET": "m" * 32,
}
MEBIBYTE = 1 << 20
PLAN = {
    # The infrastructure plan: ports on the host, and mebibytes with a little room.
    "mariadb": ({30001}, 256),
    "redis": ({30002}, 64),
    "kafka-1": ({30009}, 512),
    "kafka-ui": ({30010}, 512),
    "otel-collector": ({30011, 30012, 30013}, 128),
    "jaeger": ({30014}, 256),
    "gateway": ({8080}, 256),
}


@pytest.fixture(scope="session")
def compose_checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checker("compose", tmp_path_factory.mktemp("compose"))


def _check(program: Path, file: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLOWMESH_")}
    return subprocess.run(
        [program, file], capture_output=True, text=True, env={**kept, **environment}, check=False, cwd=file.parent
    )


@pytest.fixture(scope="session")
def services(compose_checker: Path) -> dict[str, Any]:
    result = _check(compose_checker, FILE, **PASSWORDS)
    assert result.returncode == 0, result.stderr
    content: dict[str, Any] = json.loads(result.stdout)["services"]
    return content


@pytest.mark.slow
def test_passwords_must_be_given(compose_checker: Path) -> None:
    result = _check(compose_checker, FILE)
    assert result.returncode != 0
    assert "FLOWMESH_ENGINE_DB_PASSWORD is missing a value: set it in deploy/.env" in result.stderr


@pytest.mark.slow
def test_the_checker_finds_mistakes(compose_checker: Path, tmp_path: Path) -> None:
    broken = tmp_path / "compose.yaml"
    broken.write_text(FILE.read_text().replace("mem_limit: 64m", "memory_limit: 64m"))
    result = _check(compose_checker, broken, **PASSWORDS)
    assert result.returncode != 0
    assert "memory_limit" in result.stderr


@pytest.mark.slow
def test_ports_and_memory_are_those_of_the_plan(services: dict[str, Any]) -> None:
    for name, (ports, mebibytes) in PLAN.items():
        assert {int(port["published"]) for port in services[name]["ports"]} == ports, name
        assert int(services[name]["mem_limit"]) <= mebibytes * MEBIBYTE, name
    assert all("mem_limit" in service for service in services.values())
    total = sum(int(s["mem_limit"]) * int(s.get("deploy", {}).get("replicas", 1)) for s in services.values())
    assert total <= 4096 * MEBIBYTE


@pytest.mark.slow
def test_every_image_is_pinned_and_ours_are_built(services: dict[str, Any]) -> None:
    targets = set(re.findall(r"(?m)^FROM \S+ AS (\S+)$", (DEPLOY / "Dockerfile").read_text()))
    for name, service in services.items():
        assert re.fullmatch(r"[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?[a-z0-9.-]*", service["image"]), name
        if service["image"].startswith("flowmesh/"):
            assert service["build"]["target"] == name
            assert name in targets
            assert Path(service["build"]["context"]) == ROOT


@pytest.mark.slow
def test_services_understand_their_settings(services: dict[str, Any]) -> None:
    for name, settings in (
        ("engine", EngineSettings),
        ("identity", IdentitySettings),
        ("form", FormSettings),
        ("notification", NotificationSettings),
        ("history", HistorySettings),
    ):
        environment = services[name]["environment"]
        read = settings.from_environment(environment)
        assert (read.identity_address, read.mesh_secret) == ("dns:///identity:3002", "m" * 32)
        assert read.database_url.endswith(f"@mariadb:3306/flowmesh_{name}")
        _check_grace(services[name], read.drain_notice_seconds + read.drain_seconds)
    gateway = GatewayProcessSettings.from_environment(services["gateway"]["environment"])
    assert gateway.gateway().backends == BACKENDS
    MonitoringSettings.from_environment(services["monitoring"]["environment"])
    with pytest.raises(SettingsError, match="FLOWMESH_GATEWAY_BACKENDS must be"):
        GatewayProcessSettings(backends="engine:3001")


@pytest.mark.slow
def test_archives_of_history_lie_on_a_volume(services: dict[str, Any]) -> None:
    history = services["history"]
    folder = HistorySettings.from_environment(history["environment"]).own_archive_dir
    volumes = {each["target"]: each for each in history["volumes"]}
    assert volumes[str(folder)]["type"] == "volume"
    assert not volumes[str(folder)].get("read_only")
    assert f"install -d -o 10001 -g 10001 {folder}\n" in (DEPLOY / "Dockerfile").read_text()


@pytest.mark.slow
def test_with_tls_every_process_has_files_of_its_own(compose_checker: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLOWMESH_")}
    result = subprocess.run(
        [compose_checker, FILE, DEPLOY / "compose.tls.yaml"],
        capture_output=True,
        text=True,
        env={**environment, **PASSWORDS, "FLOWMESH_CERTIFICATES": str(tmp_path)},
        check=False,
        cwd=DEPLOY,
    )
    assert result.returncode == 0, result.stderr
    services = json.loads(result.stdout)["services"]
    make_certificates(tmp_path)
    for name in ("engine", "identity", "form", "notification", "history", "monitoring", "gateway"):
        service = services[name]
        folders = {each["target"]: each["source"] for each in service["volumes"]}
        assert all(each["read_only"] for each in service["volumes"] if each["type"] == "bind")
        inside = {
            variable: value.replace("/run/tls", folders["/run/tls"]).replace("/run/edge", folders.get("/run/edge", ""))
            for variable, value in service["environment"].items()
            if value is not None
        }
        if name == "gateway":
            check_files(GatewayProcessSettings.from_environment(inside).gateway().tls)
            assert "https://" in service["healthcheck"]["test"][-1]
            continue
        kinds = {
            "engine": EngineSettings,
            "identity": IdentitySettings,
            "form": FormSettings,
            "notification": NotificationSettings,
            "history": HistorySettings,
            "monitoring": MonitoringSettings,
        }
        tls = kinds[name].from_environment(inside).tls
        assert tls == process_files(tmp_path, name)
        read_identity(tls)


def _check_grace(service: dict[str, Any], drain: float) -> None:
    assert drain < float(service["stop_grace_period"].removesuffix("s"))


def test_the_collector_is_wired() -> None:
    config = yaml.safe_load((DEPLOY / "otel" / "collector.yaml").read_text())
    for pipeline in config["service"]["pipelines"].values():
        for kind in ("receivers", "processors", "exporters"):
            assert set(pipeline[kind]) <= set(config[kind])
    assert set(config["service"]["extensions"]) <= set(config["extensions"])
