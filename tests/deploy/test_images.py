"""The steps of deploy/Dockerfile, run without Docker, and the processes of the images they make."""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.deploy.dockerfile import DockerfileError, Stage, build
from tests.deploy.tools import DEPLOY, ROOT
from tests.infrastructure.ports import free_ports

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

IMAGES = ("engine", "identity", "form", "notification", "history", "monitoring", "gateway")
SECONDS = 60.0


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Stage], Path]:
    if importlib.util.find_spec("pip") is None:
        pytest.skip("needs pip")
    return build(DEPLOY / "Dockerfile", ROOT, tmp_path_factory.mktemp("images"))


class Container:
    """The process of an image, with ports of its own where the image's are fixed."""

    def __init__(self, stage: Stage, tools: Path, folder: Path, **settings: str) -> None:
        self._stage, self._tools, self._settings = stage, tools, settings
        folder.mkdir()
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                stage.command,
                cwd=stage.path("."),
                env=stage.variables(tools, TMPDIR=str(folder), **settings),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def healthy(self, ports: dict[int, int]) -> bool:
        """Run the image's own health check, at the ports that this process has."""
        command = self._stage.healthcheck
        for image_port, port in ports.items():
            command = [word.replace(f":{image_port}/", f":{port}/") for word in command]
        done = subprocess.run(command, env=self._stage.variables(self._tools), capture_output=True, check=False)
        return done.returncode == 0

    def wait_until_healthy(self, ports: dict[int, int]) -> None:
        deadline = time.monotonic() + SECONDS
        while not self.healthy(ports):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def end(self) -> int:
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)
        return self.process.wait(SECONDS)


@pytest.fixture(scope="module")
def mesh(
    built: tuple[dict[str, Stage], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[dict[str, Container], str]]:
    """The processes of the images together, each started by its CMD, on SQLite."""
    stages, tools = built
    folder = tmp_path_factory.mktemp("containers")
    names = ("engine", "identity", "form", "notification", "history", "monitoring")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    admins = dict(zip(names, free_ports(len(names)), strict=True))
    (gateway,) = free_ports(1)
    shared = {
        "FLOWMESH_HOST": "127.0.0.1",
        "FLOWMESH_DATA_DIR": str(folder / "data"),
        "FLOWMESH_DRAIN_NOTICE_SECONDS": "0",
        "FLOWMESH_IDENTITY_ADDRESS": f"127.0.0.1:{ports['identity']}",
        "FLOWMESH_FORM_ADDRESS": f"127.0.0.1:{ports['form']}",
        "FLOWMESH_ENGINE_ADDRESS": f"127.0.0.1:{ports['engine']}",
        "FLOWMESH_MESH_SECRET": secrets.token_urlsafe(32),
    }
    containers: dict[str, Container] = {}
    try:
        for name in names:
            own = {
                f"FLOWMESH_{name.upper()}_PORT": str(ports[name]),
                f"FLOWMESH_{name.upper()}_ADMIN_PORT": str(admins[name]),
            }
            containers[name] = Container(stages[name], tools, folder / name, **shared, **own)
        containers["gateway"] = Container(
            stages["gateway"],
            tools,
            folder / "gateway",
            **shared,
            FLOWMESH_GATEWAY_PORT=str(gateway),
            FLOWMESH_GATEWAY_ADMIN_PORT="0",
            FLOWMESH_GATEWAY_RATE_LIMIT="0",
            FLOWMESH_GATEWAY_BACKENDS=" ".join(f"flowmesh.{name}.v1=127.0.0.1:{port}" for name, port in ports.items()),
        )
        for name, image_port in (
            ("engine", 9301),
            ("identity", 9302),
            ("form", 9303),
            ("notification", 9304),
            ("history", 9305),
            ("monitoring", 9306),
        ):
            containers[name].wait_until_healthy({image_port: admins[name]})
        containers["gateway"].wait_until_healthy({8080: gateway})
        yield containers, f"http://127.0.0.1:{gateway}"
    finally:
        for container in containers.values():
            container.end()


def test_every_image_is_complete_and_unprivileged(built: tuple[dict[str, Stage], Path]) -> None:
    stages, _ = built
    for name in IMAGES:
        stage = stages[name]
        assert stage.user == "10001:10001"
        assert stage.command
        assert stage.healthcheck
        assert not stage.path("/opt/flowmesh/pip").exists()
        assert stage.path("/opt/flowmesh/envoy").exists() == (name == "gateway")
        sources = {path.name for path in stage.path("/app").iterdir()} - {"gen", "mesh", "pyproject.toml"}
        assert sources == {f"{name}_svc"} if name != "gateway" else {"gateway_envoy", "launcher"}


def _administrator(rest: httpx.Client, log: str) -> dict[str, str]:
    """Become the first administrator, with the token that the log of identity tells; return the header of calls."""
    (token,) = {json.loads(line)["bootstrap_token"] for line in log.splitlines() if "bootstrap_token" in line}
    request = {"bootstrapToken": token, "userId": "ada", "password": secrets.token_urlsafe(20)}
    deadline = time.monotonic() + SECONDS
    while (made := rest.post("/v1/sessions:bootstrap", json=request)).status_code == 503:
        assert time.monotonic() < deadline, made.text
        time.sleep(0.1)
    assert made.status_code == 200, made.text
    return {"authorization": f"Bearer {made.json()['tokens']['accessToken']}"}


def test_the_images_serve_together(mesh: tuple[dict[str, Container], str]) -> None:
    containers, url = mesh
    with httpx.Client(base_url=url, timeout=20) as rest:
        assert rest.get("/v1/processInstances").status_code == 401
        rest.headers.update(_administrator(rest, containers["identity"].log.read_text()))
        content = (ROOT / "launcher" / "examples" / "order.bpmn").read_bytes()
        deadline = time.monotonic() + SECONDS
        while (
            deployed := rest.post(
                "/v1/deployments:upload",
                params={"resourceName": "order.bpmn"},
                content=content,
                headers={"content-type": "application/xml"},
            )
        ).status_code == 503:
            assert time.monotonic() < deadline, deployed.text
            time.sleep(0.1)
        assert deployed.status_code == 200, deployed.text
        started = rest.post(
            "/v1/processInstances", json={"processDefinitionKey": "order", "variables": {"amount": 120}}
        )
        assert started.status_code == 200, started.text
        instance = started.json()["processInstance"]["id"]
        while (read := rest.get(f"/v1/history/processInstances/{instance}")).status_code != 200:
            assert time.monotonic() < deadline, read.text
            time.sleep(0.1)


def test_a_container_that_is_stopped_ends_by_itself(mesh: tuple[dict[str, Container], str]) -> None:
    containers, _ = mesh
    for name in ("gateway", "monitoring", "history", "form", "notification", "engine", "identity"):
        assert containers[name].end() == 0, containers[name].log.read_text()


def test_the_gateway_says_what_it_cannot_use(built: tuple[dict[str, Stage], Path], tmp_path: Path) -> None:
    stages, tools = built
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        gateway = Container(
            stages["gateway"],
            tools,
            tmp_path / "gateway",
            FLOWMESH_HOST="127.0.0.1",
            FLOWMESH_GATEWAY_PORT=str(port),
            FLOWMESH_GATEWAY_ADMIN_PORT="0",
        )
        assert gateway.process.wait(SECONDS) == 2
    assert "cannot listen on 127.0.0.1" in gateway.log.read_text()


@pytest.mark.parametrize(
    ("right", "wrong", "error"),
    [
        ("COPY mesh mesh", "COPY bench bench", DockerfileError),
        ("COPY gen gen", "COPY gen gen2 gen3", DockerfileError),
        ("WORKDIR /build\n", "WORKDIR /build\nRUN exit 3\n", subprocess.CalledProcessError),
        (":3.11.13-", ":3-", DockerfileError),
        ("STOPSIGNAL SIGTERM", "VOLUME /data", DockerfileError),
    ],
)
def test_a_broken_file_is_found(tmp_path: Path, right: str, wrong: str, error: type[Exception]) -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert right in text
    lines = [line for line in text.replace(right, wrong).splitlines() if not line.startswith(("RUN pip", "RUN rm"))]
    broken = tmp_path / "Dockerfile"
    broken.write_text("\n".join(lines).replace("COPY --from", "# COPY --from") + "\n")
    with pytest.raises(error):
        build(broken, ROOT, tmp_path / "images")
