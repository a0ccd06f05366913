"""Signing in by commands, at a mesh as `flowmesh up` runs it."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.launcher.conftest import StartUp
from tests.launcher.running import LIMIT_SECONDS, ROOT, Up, command, environment, flowmesh

PASSWORD = "teapots-dislike-gravel-9"
OTHER_PASSWORD = "nine-lanterns-above-the-harbour"


class User:
    """Somebody with a home of their own, who is not the user that runs the mesh."""

    def __init__(self, up: Up, home: Path) -> None:
        self._url = up.url
        self._home = home

    def run(self, *arguments: str, given: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments, "--url", self._url),
            cwd=ROOT,
            env=environment(XDG_CONFIG_HOME=str(self._home), **more),
            input=given,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
        )

    def told(self, *arguments: str, given: str = "", **more: str) -> str:
        done = self.run(*arguments, given=given, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *arguments: str, **more: str) -> Any:
        return json.loads(self.told(*arguments, "--json", **more))


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A mesh whose access tokens are too short to be used twice by commands."""
    up = Up(tmp_path_factory.mktemp("signing") / "data", FLOWMESH_IDENTITY_ACCESS_TOKEN_SECONDS="20").ready()
    yield up
    up.end()


@pytest.fixture(scope="module")
def ada(signed: Up, tmp_path_factory: pytest.TempPathFactory) -> User:
    """The first administrator."""
    token = (signed.folder / "bootstrap-token").read_text().strip()
    assert token in signed.output()
    assert "flowmesh bootstrap" in signed.output()
    user = User(signed, tmp_path_factory.mktemp("ada"))
    assert "ada" in user.told("bootstrap", token, "--user", "ada", given=f"{PASSWORD}\n")
    assert not (signed.folder / "bootstrap-token").exists()
    return user


def test_commands_of_the_machine_need_no_password(signed: Up) -> None:
    assert "service account cli" in signed.output()
    done = flowmesh("whoami", "--json", "--url", signed.url)
    assert done.returncode == 0, done.stderr
    access = json.loads(done.stdout)
    assert (access["subjectId"], access["allTenants"]) == ("cli", True)
    assert access["source"] == str(signed.folder / "cli-credentials.json")
    token = flowmesh("token", "--url", signed.url).stdout.strip()
    headers = {"authorization": f"Bearer {token}"}
    assert httpx.get(f"{signed.url}/v1/processInstances", headers=headers).status_code == 200
    assert httpx.get(f"{signed.url}/v1/processInstances").status_code == 401
    for name in ("cli-credentials.json", "mesh-secret", "identity.db", "engine.db"):
        assert stat.S_IMODE((signed.folder / name).stat().st_mode) == 0o600
    secret = (signed.folder / "mesh-secret").read_text().strip()
    for pid in signed.pids().values():
        # What everybody on the machine may see.
        assert secret not in Path(f"/proc/{pid}/cmdline").read_text()


def test_somebody_else_is_told_what_to_do(signed: Up, tmp_path: Path) -> None:
    stranger = User(signed, tmp_path)
    for arguments in (("tasks",), ("token",), ("whoami",)):
        done = stranger.run(*arguments)
        assert done.returncode == 4
        assert done.stdout == ""
        assert done.stderr == (
            f"You are not signed in at {signed.url}: flowmesh login --url {signed.url}, or set FLOWMESH_API_KEY or "
            "FLOWMESH_TOKEN.\n"
        )
    for variable, value in (("FLOWMESH_TOKEN", "nonsense"), ("FLOWMESH_API_KEY", "fmk_no_key")):
        done = stranger.run("tasks", **{variable: value})
        assert (done.returncode, done.stderr.count("\n")) == (4, 1)
        assert f"{variable}" in done.stderr


def test_a_person_signs_in_and_out(ada: User, signed: Up, tmp_path: Path) -> None:
    assert ada.json("whoami")["subjectId"] == "ada"
    assert "BOOTSTRAP_DONE" in ada.run("bootstrap", "fmb_again", "--user", "eve", given=f"{PASSWORD}\n").stderr
    ada.told("users", "create", "bob", "--email", "bob@example.org", "--password", given=f"{PASSWORD}\n")
    bob = User(signed, tmp_path)
    wrong = bob.run("login", "--user", "bob", given="not this one\n")
    assert (wrong.returncode, "CREDENTIALS_INVALID" in wrong.stderr) == (4, True)
    assert "as bob" in bob.told("login", "--user", "bob@example.org", given=f"{PASSWORD}\n")
    (session,) = bob.json("sessions", "list")
    refused = bob.run("users", "list")
    assert refused.returncode == 1
    assert "users.list" in refused.stderr
    bob.told("password", given=f"{PASSWORD}\n{OTHER_PASSWORD}\n")
    assert "is over" in bob.told("logout")
    assert bob.run("whoami").returncode == 4
    assert bob.run("logout").returncode == 1
    assert session["id"] not in ada.told("sessions", "list", "--subject", "bob")
    bob.told("login", "--user", "bob", given=f"{OTHER_PASSWORD}\n")
    ended = ada.told("sessions", "revoke", "--subject", "bob")
    assert ended == "1 sessions are ended.\n"
    over = bob.run("tasks")
    assert (over.returncode, over.stderr) == (
        4,
        f"Your session at {signed.url} has ended: sign in again (flowmesh login --url {signed.url}).\n",
    )
    assert "had ended already" in bob.told("logout")


def test_what_is_granted_counts(ada: User, signed: Up, tmp_path: Path) -> None:
    ada.told("groups", "create", "clerks", "--all-tenants")
    ada.told("service-accounts", "create", "robot", "--all-tenants")
    assert "is made" in ada.told("role", "create", "reader", "--permission", "userTasks.list")
    assert "1 are new" in ada.told("groups", "add", "clerks", "robot")
    (member,) = ada.json("groups", "members", "clerks")
    assert (member["subjectId"], member["serviceAccount"]) == ("robot", True)
    key = ada.told("api-keys", "create", "robot", "--name", "test", "--days", "1").strip()
    assert key.startswith("fmk_")
    robot = User(signed, tmp_path)
    assert robot.run("tasks", FLOWMESH_API_KEY=key).returncode == 1
    ada.told("role", "assign", "reader", "--group", "clerks")
    assert robot.json("tasks", FLOWMESH_API_KEY=key) == []
    assert robot.json("whoami", FLOWMESH_API_KEY=key)["groupIds"] == ["clerks"]
    assert [made["roleId"] for made in ada.json("role", "assignments", "--group", "clerks")] == ["reader"]
    ada.told("role", "unassign", "reader", "--group", "clerks")
    assert robot.run("tasks", FLOWMESH_API_KEY=key).returncode == 1
    assert "does not have role reader" in ada.run("role", "unassign", "reader", "--group", "clerks").stderr
    (kept,) = ada.json("api-keys", "list", "robot")
    assert (kept["displayName"], key in json.dumps(kept)) == ("test", False)
    ada.told("api-keys", "revoke", "robot", kept["id"])
    gone = robot.run("tasks", FLOWMESH_API_KEY=key)
    assert (gone.returncode, "was revoked" in gone.stderr) == (4, True)
    ada.told("role", "delete", "reader")
    ada.told("groups", "delete", "clerks")
    ada.told("service-accounts", "delete", "robot")


def test_commands_at_once_do_not_end_the_session(ada: User) -> None:
    before = ada.json("sessions", "list")
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: ada.run("whoami", "--json"), range(6)))
    assert [done.returncode for done in answers] == [0] * 6, [done.stderr for done in answers]
    assert [session["id"] for session in ada.json("sessions", "list")] == [session["id"] for session in before]


def _of_cli(data: Path, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(data / "identity.db")) as database:
        return database.execute(sql).fetchall()


KEYS = "SELECT id, revoked_at FROM api_key WHERE subject_id='cli' ORDER BY created_at"


def test_the_key_of_the_machine_is_made_once(start_up: StartUp) -> None:
    first = start_up().ready()
    data = first.folder
    file = data / "cli-credentials.json"
    key = json.loads(file.read_text())["api_key"]
    assert first.stop() == 0
    # Killed between the commit and the file: what was noted before leads to the same key.
    request_id = "11111111-2222-3333-4444-555555555555"
    file.write_text(json.dumps({"request_id": request_id}))
    second = start_up().ready()
    again = json.loads(file.read_text())["api_key"]
    assert again != key
    assert second.stop() == 0
    file.write_text(json.dumps({"request_id": request_id}))
    third = start_up().ready()
    assert json.loads(file.read_text())["api_key"] == again
    assert len(_of_cli(data, KEYS)) == 2
    assert flowmesh("whoami", "--url", third.url).returncode == 0

    # Revoked, it stays so; without the file there is a new one.
    told = flowmesh("api-keys", "list", "cli", "--json", "--url", third.url)
    # With its own key goes the session by which it revokes.
    for key_id in sorted((each["id"] for each in json.loads(told.stdout)), key=lambda key_id: key_id in again):
        done = flowmesh("api-keys", "revoke", "cli", key_id, "--url", third.url)
        assert done.returncode == 0, done.stderr
    assert third.stop() == 0
    fourth = start_up().ready()
    assert json.loads(file.read_text())["api_key"] == again
    assert flowmesh("whoami", "--url", fourth.url).returncode == 4
    assert fourth.stop() == 0
    file.unlink()
    fifth = start_up().ready()
    assert flowmesh("whoami", "--url", fifth.url).returncode == 0
    assert [revoked is None for _, revoked in _of_cli(data, KEYS)] == [False, False, True]
    assert fifth.stop() == 0


@pytest.mark.slow
def test_a_start_that_is_killed_is_made_good_by_the_next(start_up: StartUp) -> None:
    files = ("mesh-secret", "cli-credentials.json")
    for number in range(12):
        up = start_up()
        # At another moment each time: nothing that is there then may be half.
        up.wait_for(lambda up=up, n=number: up.folder.exists() and len(os.listdir(up.folder)) > n)  # type: ignore[misc]
        for pid in [up.process.pid, *up.children()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        up.process.wait(LIMIT_SECONDS)
        for name in files:
            assert not (up.folder / name).exists() or (up.folder / name).read_text().strip()
    last = start_up().ready()
    assert flowmesh("whoami", "--url", last.url).returncode == 0
    assert len(_of_cli(last.folder, "SELECT id FROM subject WHERE id='cli'")) == 1


def test_nobody_has_to_sign_in_where_that_is_wanted(start_up: StartUp, tmp_path: Path) -> None:
    up = start_up("--authentication", "off").ready()
    assert "Nobody has to sign in" in up.output()
    assert "bootstrap" not in up.output()
    assert httpx.get(f"{up.url}/v1/processInstances").status_code == 200
    assert User(up, tmp_path).json("tasks") == []
    assert not (up.folder / "cli-credentials.json").exists()
    assert up.stop() == 0


def test_that_is_refused_where_others_could_call(tmp_path: Path) -> None:
    done = flowmesh("up", "--data", str(tmp_path / "data"), "--authentication", "off", "--host", "0.0.0.0")
    assert done.returncode == 2
    assert done.stderr.startswith("With --authentication off everybody who reaches 0.0.0.0 may do everything")
    assert done.stderr.count("\n") == 1
