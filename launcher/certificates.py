"""Certificates for development and tests: an authority of one's own, and what it issues for each process of a mesh."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from launcher.distributed.services import SERVICES
from launcher.tls import AUTHORITY, AUTHORITY_KEY, EDGE, GATEWAY, process_files
from mesh.startup import StartupError

AUTHORITY_DAYS = 3650
"""How long an authority is valid at least: it is replaced with more trouble than a certificate."""
LOCAL = ("localhost", "127.0.0.1", "::1")
_EARLIER = timedelta(minutes=5)
"""So much before now a certificate begins, as the clocks of machines differ."""
_HOST_NAME = re.compile(r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)


class CertificatesFailed(StartupError):
    """The folder holds something that cannot be used, or cannot be written."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its key as PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """Issues certificates."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._certificate = certificate
        self._key = key

    @classmethod
    def new(cls, name: str = "Flowmesh development", days: float = AUTHORITY_DAYS) -> Authority:
        """Make one."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name)
        builder = (
            _builder(subject, key.public_key(), datetime.now(UTC) - _EARLIER, days)
            .issuer_name(subject)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
        )
        return cls(builder.sign(key, hashes.SHA256()), key)

    @classmethod
    def of(cls, issued: Issued) -> Authority:
        """Return the authority of a certificate and its key. Raises ValueError for what is none of ours."""
        key = serialization.load_pem_private_key(issued.key, None)
        certificate = x509.load_pem_x509_certificate(issued.certificate)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise ValueError("the key is not that of the certificate")
        return cls(certificate, key)

    @property
    def own(self) -> Issued:
        """The certificate that others trust, and the key that nobody else may have."""
        return Issued(self._certificate.public_bytes(serialization.Encoding.PEM), _pem(self._key))

    def issue(
        self,
        name: str,
        hosts: Sequence[str] = (),
        *,
        days: float = 365,
        begins: datetime | None = None,
        server: bool = True,
        client: bool = True,
    ) -> Issued:
        """Issue a certificate for a process: `hosts` are the names and IP addresses at which it is called.

        It is valid for so many days from `begins` on, by default a little before now, and no longer than the authority.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        begins = begins or datetime.now(UTC) - _EARLIER
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH] * server + [ExtendedKeyUsageOID.CLIENT_AUTH] * client
        authority = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        builder = (
            _builder(_name(name), key.public_key(), begins, days, self._certificate.not_valid_after_utc)
            .issuer_name(self._certificate.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority),
                critical=False,
            )
        )
        if hosts:
            names = x509.SubjectAlternativeName([_alternative(host) for host in dict.fromkeys(hosts)])
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return Issued(certificate.public_bytes(serialization.Encoding.PEM), _pem(key))


def make_certificates(folder: Path, hosts: Iterable[str] = (), days: int = 365) -> tuple[list[Path], list[Path]]:
    """Write to a folder what `--certificates` reads; return the files that were made, and those that were there.

    Each process has a folder in it with its certificate, the key and the authority: services for their names, this
    machine and `hosts`; the gateway one to show to the services, and `edge` for its own clients. What is there stays as
    it is, and an authority that is there issues what is missing. Raises CertificatesFailed.
    """
    alternatives = [*LOCAL, *_checked(hosts)]
    processes = {service.name: [service.name, *alternatives] for service in SERVICES}
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        made, kept, authority = _authority(folder)
        for name, names in {**processes, GATEWAY: [], EDGE: alternatives}.items():
            files = process_files(folder, name)
            assert files.ca is not None
            if _both(files.certificate, files.key):
                kept += [files.certificate, files.key]
            else:
                files.key.parent.mkdir(exist_ok=True, mode=0o700)
                issued = authority.issue(name, names, days=days, server=name != GATEWAY, client=name != EDGE)
                _write(files.certificate, files.key, issued)
                made += [files.certificate, files.key]
            if not files.ca.exists():
                _write_new(files.ca, authority.own.certificate, 0o644)
                made.append(files.ca)
    except OSError as error:
        raise CertificatesFailed(f"The folder {folder} cannot be used: {error.strerror}.") from error
    return made, kept


def _authority(folder: Path) -> tuple[list[Path], list[Path], Authority]:
    pair = folder / AUTHORITY, folder / AUTHORITY_KEY
    if not _both(*pair):
        authority = Authority.new()
        _write(*pair, authority.own)
        return list(pair), [], authority
    try:
        return [], list(pair), Authority.of(Issued(pair[0].read_bytes(), pair[1].read_bytes()))
    except (ValueError, TypeError) as error:
        raise CertificatesFailed(f"{pair[0]} and {pair[1]} are no authority of this command: {error}.") from error


def _both(certificate: Path, key: Path) -> bool:
    """Tell whether both are there. Raises CertificatesFailed where one is alone."""
    if certificate.exists() == key.exists():
        return key.exists()
    there, missing = (certificate, key) if certificate.exists() else (key, certificate)
    raise CertificatesFailed(f"{there} is there, but not {missing}: put it back, or take the other one away as well.")


def _write(certificate: Path, key: Path, issued: Issued) -> None:
    _write_new(key, issued.key, 0o600)
    _write_new(certificate, issued.certificate, 0o644)


def _write_new(path: Path, content: bytes, mode: int) -> None:
    """Write a file that appears whole and replaces nothing. Raises OSError."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    written = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(content)
        os.link(written, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            written.unlink()


def _checked(hosts: Iterable[str]) -> list[str]:
    names = list(hosts)
    for host in names:
        try:
            _alternative(host)
        except ValueError:
            raise CertificatesFailed(f"{host!r} is neither a name nor an IP address.") from None
    return names


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        if _HOST_NAME.fullmatch(host) is None:
            raise
        return x509.DNSName(host)


def _builder(
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey,
    begins: datetime,
    days: float,
    latest: datetime | None = None,
) -> x509.CertificateBuilder:
    ends = begins + timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends if latest is None else min(ends, latest))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
