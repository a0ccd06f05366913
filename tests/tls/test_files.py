"""What is read from the files, and what is said where they are no use."""

from __future__ import annotations

import io
import json
import logging
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from launcher.certificates import Authority
from mesh.logs import configure_logs
from mesh.metrics import Metrics
from mesh.settings import MeshSettings, SettingsError
from mesh.tls import TlsFault, TlsFiles, TlsSource, client_context, read_identity
from tests.tls.files import LONG_AGO, Certificates, replace


@pytest.fixture
def files(certificates: Certificates) -> TlsFiles:
    return TlsFiles(*certificates.issue("engine"), certificates.ca)


@pytest.fixture
def log() -> Iterator[io.BytesIO]:
    """What is logged."""
    stream = io.BytesIO()
    former = logging.getLogger().level
    configure_logs("engine", "engine-1", stream=stream)
    yield stream
    root = logging.getLogger()
    root.removeHandler(root.handlers[-1])
    root.setLevel(former)
    logging.captureWarnings(False)


def test_what_fits_together_is_read(files: TlsFiles) -> None:
    identity = read_identity(files)
    assert identity.certificate == files.certificate.read_bytes()
    assert identity.expires == pytest.approx(time.time() + 365 * 86400, abs=600)
    assert "PRIVATE" not in repr(identity)


def test_a_missing_file(files: TlsFiles) -> None:
    files.key.unlink()
    with pytest.raises(TlsFault, match=r"^The file .*engine\.key does not exist: TLS needs it\.$"):
        read_identity(files)


def test_a_file_that_cannot_be_read(files: TlsFiles) -> None:
    files.key.unlink()
    files.key.mkdir()
    with pytest.raises(TlsFault, match=r"engine\.key, which TLS needs, cannot be read: Is a directory\.$"):
        read_identity(files)


@pytest.mark.parametrize(("name", "text"), [("certificate", "no certificate"), ("key", "no private key")])
def test_no_pem(files: TlsFiles, name: str, text: str) -> None:
    getattr(files, name).write_bytes(b"nothing of the kind")
    with pytest.raises(TlsFault, match=f"holds {text} in PEM form"):
        read_identity(files)


def test_a_key_of_another_certificate(certificates: Certificates, files: TlsFiles) -> None:
    _, other = certificates.issue("history")
    with pytest.raises(TlsFault, match=r"The key in .*history\.key is not that of the certificate in .*engine\.pem\."):
        read_identity(TlsFiles(files.certificate, other, files.ca))


def test_an_encrypted_key(files: TlsFiles) -> None:
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    key = load_pem_private_key(files.key.read_bytes(), None)
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    with pytest.raises(TlsFault, match="is encrypted: write it without a password"):
        read_identity(files)


def test_an_expired_one(certificates: Certificates, files: TlsFiles) -> None:
    certificates.issue("engine", begins=LONG_AGO, days=30)
    with pytest.raises(TlsFault, match=r"The certificate in .*engine\.pem expired at 2\d{3}-\d\d-\d\d"):
        read_identity(files)


def test_one_that_is_not_valid_yet(certificates: Certificates, files: TlsFiles) -> None:
    certificates.issue("engine", begins=datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(TlsFault, match=r"is not valid before .*: check the clock"):
        read_identity(files)


def test_another_authority(files: TlsFiles) -> None:
    assert files.ca is not None
    files.ca.write_bytes(Authority.new().own.certificate)
    with pytest.raises(TlsFault, match=r"engine\.pem is not issued by an authority in .*ca\.pem\."):
        read_identity(files)


def test_one_of_several_authorities(files: TlsFiles) -> None:
    assert files.ca is not None
    files.ca.write_bytes(Authority.new().own.certificate + files.ca.read_bytes())
    assert read_identity(files).ca == files.ca.read_bytes()


def test_what_can_be_used_is_taken_once_and_what_cannot_leaves_the_old_one(
    certificates: Certificates, files: TlsFiles, quick: None, log: io.BytesIO
) -> None:
    source, metrics = TlsSource(files), Metrics()
    source.observe(metrics)
    first = source.current()
    assert source.current() is first

    replace(files.certificate, b"broken")
    started = time.monotonic()
    while source.failures == 0:
        assert time.monotonic() < started + 5
        assert source.current() is first
    for _ in range(20):
        assert source.current() is first
    assert source.failures == 1

    certificates.issue("engine")
    second = source.current()
    assert second.version == first.version + 1
    assert second.certificate == files.certificate.read_bytes() != first.certificate
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["message"] for line in lines] == [
        "The new certificates cannot be used, the old ones stay",
        "The certificates are new",
    ]
    page = metrics.exposition()[0].decode()
    assert "flowmesh_tls_reloads 1.0" in page
    assert "flowmesh_tls_reload_failures 1.0" in page
    (expires,) = [line for line in page.splitlines() if line.startswith("flowmesh_tls_certificate_expires_seconds ")]
    assert float(expires.split()[1]) == second.expires


def test_files_that_are_gone_for_a_moment_are_not_told(
    certificates: Certificates, files: TlsFiles, quick: None
) -> None:
    source = TlsSource(files)
    first = source.current()
    files.key.unlink()
    assert source.current() is first
    certificates.issue("engine")
    assert source.current().version == 2
    assert source.failures == 0


def test_a_folder_that_is_switched_by_a_link(tmp_path: Path, certificates: Certificates) -> None:
    """As Kubernetes mounts a secret: each file is a link into a folder that is a link."""
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    for number in (1, 2):
        (mounted / f"v{number}").mkdir()
        issued = certificates.authority.issue("engine", ("localhost",))
        (mounted / f"v{number}" / "tls.crt").write_bytes(issued.certificate)
        (mounted / f"v{number}" / "tls.key").write_bytes(issued.key)
    (mounted / "data").symlink_to("v1")
    for name in ("tls.crt", "tls.key"):
        (mounted / name).symlink_to(f"data/{name}")
    source = TlsSource(TlsFiles(mounted / "tls.crt", mounted / "tls.key", certificates.ca))
    (mounted / "fresh").symlink_to("v2")
    os.replace(mounted / "fresh", mounted / "data")
    assert source.current().certificate == (mounted / "v2" / "tls.crt").read_bytes()


def test_all_files_or_none() -> None:
    with pytest.raises(SettingsError, match=r"^FLOWMESH_TLS_KEY_FILE is set: set FLOWMESH_TLS_CERTIFICATE_FILE and "):
        MeshSettings.from_environment({"FLOWMESH_TLS_KEY_FILE": "key.pem"})
    assert MeshSettings.from_environment({}).tls is None
    names = {f"FLOWMESH_TLS_{name}_FILE": f"{name}.pem" for name in ("CERTIFICATE", "KEY", "CA")}
    assert MeshSettings.from_environment(names).tls == TlsFiles(
        Path("CERTIFICATE.pem"), Path("KEY.pem"), Path("CA.pem")
    )


def test_a_client_of_a_store(certificates: Certificates) -> None:
    context = client_context(str(certificates.ca), *map(str, certificates.issue("engine")))
    assert context.check_hostname
    with pytest.raises(TlsFault, match=r"nowhere\.pem does not exist"):
        client_context("nowhere.pem")
    with pytest.raises(TlsFault, match="certificate and key go together"):
        client_context("", "certificate.pem")
    with pytest.raises(TlsFault, match="holds no certificate that can be read"):
        client_context(__file__)
