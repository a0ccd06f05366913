"""`flowmesh certificates`: what it makes, what it leaves alone."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from launcher.certificates import CertificatesFailed, make_certificates
from launcher.distributed.services import SERVICES
from launcher.tls import MeshTls, check_files, process_files
from mesh.settings import PREFIX, MeshSettings
from mesh.startup import StartupError
from mesh.tls import read_identity
from tests.launcher.running import flowmesh


def names_in(path: Path) -> set[str]:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}


def test_the_command_makes_what_a_mesh_needs(tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    done = flowmesh("certificates", str(folder), "--days", "30", "--host", "flow.example", "--host", "10.0.0.7")
    assert done.returncode == 0, done.stderr
    assert "New: ca.crt, ca.key, engine/tls.crt, engine/tls.key, engine/ca.crt" in done.stdout
    for service in SERVICES:
        files = process_files(folder, service.name)
        read_identity(files)
        assert files.ca is not None
        assert files.ca.read_bytes() == (folder / "ca.crt").read_bytes()
        assert names_in(files.certificate) == {
            service.name,
            "localhost",
            "127.0.0.1",
            "::1",
            "flow.example",
            "10.0.0.7",
        }
        ends = x509.load_pem_x509_certificate(files.certificate.read_bytes()).not_valid_after_utc
        assert abs(ends - datetime.now(UTC) - timedelta(days=30)) < timedelta(hours=1)
    check_files(MeshTls({}, folder).gateway())
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*.key")} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not list(folder.rglob(".*"))


def test_nothing_is_written_over_and_what_is_missing_is_issued_by_the_same_authority(tmp_path: Path) -> None:
    made, kept = make_certificates(tmp_path)
    assert kept == []
    before = {path: path.read_bytes() for path in made}
    history = process_files(tmp_path, "history")
    for path in history.paths():
        path.unlink()
    made, kept = make_certificates(tmp_path)
    assert made == list(history.paths())
    assert set(kept) | {path for path in before if path.name == "ca.crt"} == set(before) - set(made[:2])
    assert all(path.read_bytes() == before[path] for path in before if path not in made[:2])
    read_identity(history)
    done = flowmesh("certificates", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Left as they were: ")


def test_what_does_not_fit_is_told(tmp_path: Path) -> None:
    make_certificates(tmp_path)
    (tmp_path / "engine" / "tls.key").unlink()
    with pytest.raises(CertificatesFailed, match=r"engine/tls\.crt is there, but not .*engine/tls\.key"):
        make_certificates(tmp_path)
    (tmp_path / "ca.key").write_bytes((tmp_path / "edge" / "tls.key").read_bytes())
    with pytest.raises(CertificatesFailed, match=r"are no authority of this command: the key is not"):
        make_certificates(tmp_path)
    done = flowmesh("certificates", str(tmp_path / "new"), "--host", "a/b")
    assert (done.returncode, done.stderr) == (1, "'a/b' is neither a name nor an IP address.\n")
    assert not (tmp_path / "new").exists()
    done = flowmesh("certificates", str(tmp_path / "ca.crt"))
    assert done.returncode == 1
    assert done.stderr.endswith("cannot be used: File exists.\n")


def test_services_and_gateway_find_their_files(tmp_path: Path) -> None:
    variables = MeshTls({}, tmp_path).environment()
    assert variables["FLOWMESH_ENGINE_TLS_KEY_FILE"] == str(tmp_path / "engine" / "tls.key")

    class Engine(MeshSettings):
        service_name = "engine"

    tls = Engine.from_environment(variables).tls
    assert tls == process_files(tmp_path, "engine")
    gateway = MeshTls({}, tmp_path).gateway()
    assert gateway.certificate == tmp_path / "gateway" / "tls.crt"
    assert gateway.edge_key == tmp_path / "edge" / "tls.key"


def test_the_gateway_reads_the_environment() -> None:
    shared = {f"{PREFIX}TLS_{name}_FILE": f"/c/{name}" for name in ("CERTIFICATE", "KEY", "CA")}
    assert MeshTls({}).gateway().scheme == "http"
    assert not MeshTls({}).gateway().inside
    own = {**shared, "FLOWMESH_GATEWAY_TLS_KEY_FILE": "/g/key", "FLOWMESH_TLS_SERVER_NAME": "mesh"}
    gateway = MeshTls(own).gateway()
    assert (gateway.certificate, gateway.key, gateway.ca) == (Path("/c/CERTIFICATE"), Path("/g/key"), Path("/c/CA"))
    assert gateway.server_name == "mesh"
    assert not gateway.edge
    with pytest.raises(StartupError, match=r"^FLOWMESH_GATEWAY_EDGE_KEY_FILE is set: set FLOWMESH_GATEWAY_EDGE_CERTIF"):
        MeshTls({"FLOWMESH_GATEWAY_EDGE_KEY_FILE": "key"}).gateway()
