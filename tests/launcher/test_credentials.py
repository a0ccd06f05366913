"""What commands keep of those who signed in, and that two of them at once do not end a session."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
import time
from pathlib import Path

import pytest

from launcher.client.credentials import Credentials, CredentialStore, config_folder
from launcher.client.failure import CommandFailed, NotSignedIn, Unreachable
from launcher.client.gateway_url import GatewayUrl
from launcher.client.local_mesh import local_api_key, note_mesh
from launcher.client.signing import ApiKey, GivenToken, Nobody, Session, find_signing
from launcher.embedded.mesh_secret import mesh_secret, mesh_secrets
from launcher.private_files import write_private
from mesh.startup import StartupError

URL = "http://127.0.0.1:8080"


class Mesh:
    """Refreshes as the identity service does: a refresh token is good once, or again with its request id."""

    def __init__(self, folder: Path, seconds: float = 600) -> None:
        self._log = folder / "refreshes"
        self._seconds = seconds
        self.exchanges = 0

    def _tokens(self, number: int, *, refresh: bool) -> Credentials:
        ends = time.time() + self._seconds
        return Credentials(f"access-{number}", ends, "s", "ada", f"refresh-{number}" if refresh else "", ends)

    def exchange(self, api_key: str) -> Credentials:
        self.exchanges += 1
        return self._tokens(self.exchanges, refresh=False)

    def refresh(self, refresh_token: str, request_id: str) -> Credentials:
        # Longer than the others take to come.
        time.sleep(0.05)
        used = [line.split() for line in self._log.read_text().splitlines()] if self._log.exists() else []
        for token, by in used:
            if token == refresh_token and by != request_id:
                raise NotSignedIn("reused")
        with self._log.open("a") as log:
            log.write(f"{refresh_token} {request_id}\n")
        return self._tokens(int(refresh_token.partition("-")[2]) + 1, refresh=True)


def signed_in(store: CredentialStore, ends: float) -> None:
    with store.locked():
        store.keep(URL, Credentials("access-0", ends, "s", "ada", "refresh-0", time.time() + 3600))


def test_what_is_kept_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    store = CredentialStore(folder)
    assert store.find(URL) is None
    signed_in(store, time.time() + 600)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert sorted(file.name for file in folder.iterdir()) == ["credentials.json", "credentials.lock"]
    found = store.find(URL)
    assert found is not None
    assert (found.access_token, found.subject_id, found.lasts()) == ("access-0", "ada", True)
    folder.chmod(0o755)
    with store.locked():
        store.keep(URL, None)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert store.find(URL) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format":1,"credentials":{"x":{"no":1}}}', '{"format":9}'])
def test_a_damaged_file_is_told_in_one_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "credentials.json").write_text(content)
    with pytest.raises(CommandFailed, match="sign in again"):
        CredentialStore(tmp_path).find(URL)


def _token(folder: Path, start: float, answers: multiprocessing.SimpleQueue[str]) -> None:
    mesh = Mesh(folder)
    time.sleep(max(0.0, start - time.time()))
    try:
        answers.put(Session(URL, CredentialStore(folder), lambda: mesh).token())
    except NotSignedIn as error:
        answers.put(f"refused: {error}")


def test_many_commands_at_once_refresh_a_session_once(tmp_path: Path) -> None:
    signed_in(CredentialStore(tmp_path), time.time() - 1)
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.SimpleQueue[str] = context.SimpleQueue()
    start = time.time() + 0.2
    processes = [context.Process(target=_token, args=(tmp_path, start, answers)) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert {answers.get() for _ in processes} == {"access-1"}
    assert len((tmp_path / "refreshes").read_text().splitlines()) == 1


def test_a_refresh_whose_answer_was_lost_is_asked_for_again(tmp_path: Path) -> None:
    store, mesh = CredentialStore(tmp_path), Mesh(tmp_path)
    signed_in(store, time.time() - 1)

    class Lost:
        def exchange(self, api_key: str) -> Credentials:
            raise AssertionError

        def refresh(self, refresh_token: str, request_id: str) -> Credentials:
            mesh.refresh(refresh_token, request_id)
            raise Unreachable("the answer was lost")

    with pytest.raises(Unreachable):
        Session(URL, store, Lost).token()
    assert Session(URL, store, lambda: mesh).token() == "access-1"
    kept = store.find(URL)
    assert kept is not None
    assert (kept.refresh_token, kept.refreshing) == ("refresh-1", "")


def test_a_refused_token_is_renewed_only_where_nobody_did(tmp_path: Path) -> None:
    store, mesh = CredentialStore(tmp_path), Mesh(tmp_path)
    signed_in(store, time.time() + 600)
    session = Session(URL, store, lambda: mesh)
    assert session.token() == "access-0"
    assert session.renewed("access-0") == "access-1"
    assert session.renewed("access-0") == "access-1"
    assert session.renewed("access-1") == "access-2"


def test_a_session_that_is_over_says_what_to_do(tmp_path: Path) -> None:
    store, mesh = CredentialStore(tmp_path), Mesh(tmp_path)
    signed_in(store, time.time() - 1)
    (tmp_path / "refreshes").write_text("refresh-0 another\n")
    with pytest.raises(NotSignedIn, match=f"flowmesh login --url {URL}"):
        Session(URL, store, lambda: mesh).token()


def test_what_an_api_key_gave_is_used_until_it_ends(tmp_path: Path) -> None:
    store, mesh = CredentialStore(tmp_path), Mesh(tmp_path)
    for _ in range(2):
        assert ApiKey(URL, "fmk_a_secret", store, lambda: mesh, "there").token() == "access-1"
    assert "secret" not in (tmp_path / "credentials.json").read_text()
    key = ApiKey(URL, "fmk_a_secret", store, lambda: mesh, "there")
    assert key.renewed("access-1") == "access-2"
    assert ApiKey(URL, "fmk_b_secret", store, lambda: mesh, "there").token() == "access-3"
    # What has run out is not kept.
    gone = Mesh(tmp_path, seconds=-1)
    ApiKey(URL, "fmk_c_secret", store, lambda: gone, "there").token()
    signed_in(store, time.time() + 600)
    assert len(json.loads((tmp_path / "credentials.json").read_text())["credentials"]) == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_api_key_works_where_nothing_can_be_kept(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert (
        ApiKey(URL, "fmk_a_b", CredentialStore(tmp_path / "config"), lambda: Mesh(tmp_path), "").token() == "access-1"
    )
    tmp_path.chmod(0o700)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = CredentialStore(tmp_path / "file" / "config")
    with pytest.raises(CommandFailed, match="XDG_CONFIG_HOME"), store.locked():
        pass
    mesh = Mesh(tmp_path)
    assert ApiKey(URL, "fmk_a_b", store, lambda: mesh, "there").token() == "access-1"


def test_the_environment_goes_first_then_a_sign_in_then_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    for name in ("FLOWMESH_TOKEN", "FLOWMESH_API_KEY", "FLOWMESH_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    store, mesh = CredentialStore(), Mesh(tmp_path)
    assert config_folder() == tmp_path / "config" / "flowmesh"

    def kind() -> type:
        return type(find_signing(URL, store, lambda: mesh))

    assert kind() is Nobody
    data = tmp_path / "elsewhere"
    (data / "run").mkdir(parents=True)
    state = {"gateway": "http://localhost:8080", "supervisor": os.getpid(), "authentication": "required"}
    (data / "run" / "mesh.json").write_text(json.dumps(state))
    write_private(data / "cli-credentials.json", json.dumps({"api_key": "fmk_a_b"}))
    assert kind() is Nobody
    note_mesh(URL, data)
    found = local_api_key(URL)
    assert found is not None
    assert (found.api_key, found.file) == ("fmk_a_b", data / "cli-credentials.json")
    assert kind() is ApiKey
    assert local_api_key("http://127.0.0.1:8081") is None
    assert local_api_key("http://192.0.2.1:8080") is None
    for change in ({"supervisor": 2**22 + 1}, {"authentication": "off"}, {"gateway": "http://127.0.0.1:9"}):
        (data / "run" / "mesh.json").write_text(json.dumps({**state, **change}))
        assert local_api_key(URL) is None, change
    (data / "run" / "mesh.json").write_text(json.dumps(state))
    signed_in(store, time.time() + 600)
    assert kind() is Session
    monkeypatch.setenv("FLOWMESH_API_KEY", "fmk_c_d")
    assert kind() is ApiKey
    monkeypatch.setenv("FLOWMESH_TOKEN", "t")
    assert kind() is GivenToken


def test_one_url_has_one_spelling() -> None:
    texts = {GatewayUrl.parse(text).text for text in (URL, f"{URL}/", "127.0.0.1:8080")}
    assert texts == {URL}
    assert GatewayUrl.parse("https://mesh.example").text == "https://mesh.example:443"
    assert GatewayUrl.parse(URL).local
    assert not GatewayUrl.parse("http://127.0.0.1.example:80").local
    for wrong in ("http://user:secret@host:1", "ftp://host", "http://host:x"):
        with pytest.raises(CommandFailed, match="--url") as caught:
            GatewayUrl.parse(wrong)
        assert "secret" not in str(caught.value)


def test_the_secret_of_a_mesh_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLOWMESH_MESH_SECRET", raising=False)
    made = mesh_secret(tmp_path)
    assert len(made) >= 32
    assert stat.S_IMODE((tmp_path / "mesh-secret").stat().st_mode) == 0o600
    assert mesh_secret(tmp_path) == made
    assert mesh_secrets(tmp_path) == {"FLOWMESH_MESH_SECRET": made}
    monkeypatch.setenv("FLOWMESH_MESH_SECRET", "given")
    assert mesh_secrets(tmp_path) == {"FLOWMESH_MESH_SECRET": "given"}
    (tmp_path / "mesh-secret").write_text("short")
    with pytest.raises(StartupError, match="fewer than 32"):
        mesh_secret(tmp_path)
    assert mesh_secret(tmp_path / "..") != made
