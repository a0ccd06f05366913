"""`flowmesh up`: the real processes, from start to end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from launcher.embedded.options import MeshOptions
from tests.launcher.conftest import StartUp
from tests.launcher.running import LIMIT_SECONDS, Up, eventually, flowmesh, is_alive, memory_mebibytes

MEMORY_MEBIBYTES = 300


def answers(up: Up) -> bool:
    try:
        return httpx.get(f"{up.url}/v1/processInstances", auth=up.auth, timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def gone(pids: dict[str, int]) -> bool:
    return not any(is_alive(pid) for pid in pids.values())


def until_gone(pids: dict[str, int]) -> None:
    limit = time.monotonic() + LIMIT_SECONDS
    while not gone(pids):
        assert time.monotonic() < limit, pids
        time.sleep(0.02)


def test_starts_twice_within_its_memory_and_ends_clean(start_up: StartUp, capsys: pytest.CaptureFixture[str]) -> None:
    first = start_up().ready()
    pids = first.pids()
    assert set(pids) == {"supervisor", "engine", "services", "gateway"}
    assert answers(first)
    assert first.stop() == 0
    assert gone(pids)
    assert not (first.folder / "run" / "mesh.json").exists()
    assert first.output().rstrip().endswith("Stopping ...")

    second = start_up("--verbose").ready()
    assert "The engine is serving" in second.output()
    assert answers(second)
    memory = {name: round(memory_mebibytes(pid)) for name, pid in second.pids().items()}
    with capsys.disabled():
        print(f"\nfirst start {first.seconds:.2f} s, second {second.seconds:.2f} s; MiB: {memory}")
    assert sum(memory.values()) < MEMORY_MEBIBYTES
    assert second.stop(signal.SIGTERM) == 0


def test_says_where_it_listens_and_each_address_answers(mesh: Up) -> None:
    text, state = mesh.output(), mesh.state
    for address in (
        "gateway",
        "engine",
        "identity",
        "form",
        "notification",
        "history",
        "monitoring",
        "engine_metrics",
        "services_metrics",
    ):
        assert state[address] in text
    assert httpx.get(f"{state['gateway']}/api-docs").status_code == 200
    for metrics in ("engine_metrics", "services_metrics"):
        assert "flowmesh_" in httpx.get(state[metrics]).text
        assert httpx.get(state[metrics].replace("/metrics", "/readyz")).status_code == 200
    for line in (mesh.folder / "logs" / "engine.log").read_text().splitlines():
        assert json.loads(line)["service"] == "engine"


def test_children_end_when_the_supervisor_is_killed_and_the_folder_can_be_used_at_once(start_up: StartUp) -> None:
    first = start_up().ready()
    pids = first.pids()
    first.process.kill()
    first.process.wait(LIMIT_SECONDS)
    second = start_up().ready()
    # The gateway ends what it still serves; the others are gone by now.
    until_gone(pids)
    assert answers(second)
    assert second.stop() == 0


def test_a_process_that_dies_is_started_again(start_up: StartUp) -> None:
    up = start_up().ready()
    for name in ("engine", "services", "gateway"):
        before = up.pids()
        os.kill(before[name], signal.SIGKILL)
        eventually(lambda name=name, old=before[name]: up.pids()[name] not in (None, old), "the restart")  # type: ignore[misc]
        eventually(lambda: answers(up), "the next answer")
        others = {other: pid for other, pid in up.pids().items() if other != name}
        assert others == {other: pid for other, pid in before.items() if other != name}
    assert up.output().count("signal SIGKILL") == 3
    assert up.output().count("runs again") == 3
    assert up.stop() == 0, up.output()


@pytest.mark.slow
def test_gives_up_on_a_process_that_dies_again_and_again(start_up: StartUp) -> None:
    up = start_up().ready()
    pids = up.pids()
    while up.process.poll() is None:
        try:
            latest = up.state["processes"]["services"]
            os.kill(latest, signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            break
        eventually(
            lambda latest=latest: (
                up.process.poll() is not None  # type: ignore[misc]
                or ((up.folder / "run" / "mesh.json").exists() and up.state["processes"]["services"] != latest)
            ),
            "the restart",
        )
    assert up.process.wait(LIMIT_SECONDS) == 1
    assert "The services process ended 6 times within 60 s" in up.output()
    assert gone(pids)


def test_a_second_ctrl_c_does_not_wait(start_up: StartUp) -> None:
    up = start_up().ready()
    pids = up.pids()
    # It cannot drain now.
    os.kill(pids["engine"], signal.SIGSTOP)
    up.process.send_signal(signal.SIGINT)
    eventually(lambda: "Stopping" in up.output() and not is_alive(pids["services"]), "the first steps of the end")
    assert up.stop() == 130
    eventually(lambda: gone(pids), "the end of the children", 5)


def refused(up: Up) -> str:
    """Return the one sentence of a mesh that cannot start."""
    assert up.process.wait(LIMIT_SECONDS) == 2, up.output()
    lines = up.output().splitlines()
    assert len(lines) == 1, lines
    assert not (up.folder / "run" / "mesh.json").exists()
    return lines[0]


@pytest.mark.parametrize("option", list(MeshOptions().ports()))
def test_a_port_in_use(start_up: StartUp, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = refused(start_up(option, str(port)))
    assert sentence.startswith(f"Port {port} on 127.0.0.1 is in use by another program")
    assert option in sentence


def test_one_port_for_two_things(start_up: StartUp) -> None:
    assert "every port is needed once" in refused(start_up("--port", "45678", "--engine-port", "45678"))


def test_a_folder_that_cannot_be_used(start_up: StartUp, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for option in (file, file / "below", Path("/proc/flowmesh")):
        done = flowmesh("up", "--data", str(option))
        assert done.returncode == 2
        assert done.stderr.startswith(f"The data folder {option} ")
        assert "--data" in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    done = flowmesh("up", "--data", str(tmp_path))
    tmp_path.chmod(0o700)
    assert done.returncode == 2
    assert "cannot be written by this user" in done.stderr


def test_a_second_mesh_on_one_folder(mesh: Up) -> None:
    done = flowmesh("up", "--data", str(mesh.folder))
    assert done.returncode == 2
    assert f"Another mesh (process {mesh.process.pid}) is using the data folder" in done.stderr
    assert answers(mesh)


def test_a_file_that_is_no_database(start_up: StartUp, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "engine.db").write_bytes(b"A letter to the bank, not a database.\n" * 100)
    sentence = refused(start_up())
    assert "engine.db" in sentence
    assert "not a database" in sentence


def test_a_database_of_a_newer_release(start_up: StartUp, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "history.db", isolation_level=None)) as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("INSERT INTO alembic_version VALUES ('9999')")
    assert "newer" in refused(start_up())


@pytest.mark.slow
def test_a_database_that_another_program_locks(start_up: StartUp, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "engine.db", isolation_level=None)) as locker:
        locker.execute("CREATE TABLE held (by TEXT)")
        locker.execute("PRAGMA locking_mode=EXCLUSIVE")
        locker.execute("BEGIN EXCLUSIVE")
        sentence = refused(start_up())
    assert "engine.db" in sentence
    assert "locked" in sentence


def test_a_setting_that_does_not_exist(start_up: StartUp) -> None:
    assert "FLOWMESH_ENGINE_CACHED_INSTANCE" in refused(start_up(FLOWMESH_ENGINE_CACHED_INSTANCE="3"))


def test_a_long_poll_does_not_hold_up_the_end(start_up: StartUp) -> None:
    up = start_up().ready()
    worker = subprocess.Popen(
        [
            "curl",
            "-s",
            "-X",
            "POST",
            f"{up.url}/v1/jobs:activate",
            "-H",
            "content-type: application/json",
            "-H",
            f"authorization: {up.auth.headers['authorization']}",
            "-d",
            '{"type":"t","worker":"w","maxJobs":1,"requestTimeout":"50s"}',
        ],
        stdout=subprocess.DEVNULL,
    )
    admin = (up.folder / "run" / "envoy-admin.address").read_text()

    def polled() -> bool:
        stat = httpx.get(f"http://{admin}/stats?filter=^http.public.downstream_rq_active$").text
        return int(stat.rpartition(":")[2]) > 0

    eventually(polled, "the poll", 10)
    assert up.stop() == 0, up.output()
    worker.wait(LIMIT_SECONDS)
