"""Certificates of a process, from files, read again when the files are replaced.

What a service needs is in three files: its own certificate, the key of it, and the certificates of the authorities that
it trusts. Whoever begins a connection asks `TlsSource.current`, which looks whether the files are others than before:
three `stat`, next to nothing beside the milliseconds of a handshake, and never in the way of a call.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from mesh.logs import get_log
from mesh.metrics import Metrics
from mesh.startup import StartupError

if TYPE_CHECKING:
    import ssl

    from cryptography.x509 import Certificate

SETTLE_SECONDS = 1.0
"""Files that do not fit together for less than this are being replaced one after the other, and nothing is said."""
LOOK_SECONDS = 5.0
"""How often it is looked for new files where nobody begins a connection."""

_log = get_log(__name__)

_Signature = tuple[tuple[int, int, int, int], ...]


class TlsFault(StartupError):
    """The files cannot be used; the message is one sentence that names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files. `certificate` may hold intermediates behind the first; `ca` may hold several authorities.

    Without `ca` nothing is checked of who issued the certificate: the edge of the mesh, where clients show none.
    """

    certificate: Path
    key: Path
    ca: Path | None = None

    def paths(self) -> tuple[Path, ...]:
        """Return the files."""
        return (self.certificate, self.key) if self.ca is None else (self.certificate, self.key, self.ca)


@dataclass(frozen=True, slots=True)
class TlsIdentity:
    """What the files held: PEM, and until when (seconds since 1970) the certificate is valid."""

    certificate: bytes
    key: bytes = field(repr=False)
    ca: bytes
    expires: float
    version: int = 1
    """Counts the times that the files were read."""


def read_identity(files: TlsFiles, *, now: float | None = None) -> TlsIdentity:
    """Read the files and check that they fit together and are valid now. Raises `TlsFault`."""
    moment = time.time() if now is None else now
    certificate, key = _content(files.certificate), _content(files.key)
    chain = _certificates(files.certificate, certificate)
    _check_key(files, chain[0], key)
    _check_time(files.certificate, chain[0], moment)
    ca = b""
    if files.ca is not None:
        ca = _content(files.ca)
        _check_issuer(files, chain, _certificates(files.ca, ca), moment)
    return TlsIdentity(certificate, key, ca, chain[0].not_valid_after_utc.timestamp())


class TlsSource:
    """The files of this process with what they held last that could be used. Any thread may ask."""

    def __init__(self, files: TlsFiles) -> None:
        """Read the files. Raises `TlsFault`."""
        self.files = files
        self.reloads = 0
        self.failures = 0
        self._lock = threading.Lock()
        self._loaded = _signature(files.paths())
        self._refused: _Signature | None = None
        self._doubted: tuple[_Signature, float] | None = None
        self._identity = read_identity(files)

    @property
    def identity(self) -> TlsIdentity:
        """What is in use, without a look at the files."""
        return self._identity

    def current(self) -> TlsIdentity:
        """Return what the files hold; what they held before where that cannot be used.

        New files that cannot be used are logged and counted once.
        """
        with self._lock:
            found: _Signature = ()
            try:
                found = _signature(self.files.paths())
                if found == self._loaded:
                    self._refused = self._doubted = None
                elif found != self._refused:
                    self._take(found)
            except TlsFault as fault:
                self._doubt(found, fault)
            return self._identity

    def _take(self, found: _Signature) -> None:
        read = read_identity(self.files)
        if _signature(self.files.paths()) != found:
            # Replaced while they were read: the next look has them.
            return
        self._loaded, self._refused, self._doubted = found, None, None
        self._identity = TlsIdentity(read.certificate, read.key, read.ca, read.expires, self._identity.version + 1)
        self.reloads += 1
        _log.info("The certificates are new", file=str(self.files.certificate), valid_until=_date(read.expires))

    def _doubt(self, found: _Signature, fault: TlsFault) -> None:
        now = time.monotonic()
        if self._doubted is None or self._doubted[0] != found:
            self._doubted = found, now
        elif found != self._refused and now - self._doubted[1] > SETTLE_SECONDS:
            self._refused = found
            self.failures += 1
            _log.error("The new certificates cannot be used, the old ones stay", reason=str(fault))

    async def watch(self, changed: Callable[[], None] | None = None) -> None:
        """Look at the files for ever, every few seconds; tell when they are new."""
        version = self._identity.version
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            identity = await asyncio.to_thread(self.current)
            if identity.version != version:
                version = identity.version
                if changed is not None:
                    changed()

    def observe(self, metrics: Metrics) -> None:
        """Show when the certificate expires and how often files were taken or refused. Raises ValueError if shown."""
        metrics.observe(
            "flowmesh_tls_certificate_expires_seconds",
            "When the certificate in use expires, in seconds since 1970.",
            lambda: self._identity.expires,
        )
        metrics.observe("flowmesh_tls_reloads", "New certificates taken into use.", lambda: float(self.reloads))
        metrics.observe(
            "flowmesh_tls_reload_failures",
            "New certificates that could not be used; the old ones stayed.",
            lambda: float(self.failures),
        )


_sources: dict[TlsFiles, TlsSource] = {}


def tls_source(files: TlsFiles) -> TlsSource:
    """Return the source of these files, one for all of a process, which reads and tells once. Raises `TlsFault`."""
    source = _sources.get(files)
    if source is None:
        source = _sources[files] = TlsSource(files)
    return source


def client_context(ca: str = "", certificate: str = "", key: str = "") -> ssl.SSLContext:
    """Return what a client of a store needs: it checks the server's certificate and name, and shows its own if given.

    `ca`: file of authorities, the system's where empty. Raises `TlsFault`.
    """
    if bool(certificate) != bool(key):
        raise TlsFault("certificate and key go together: name both files or none.")
    return _context(ca, certificate, key, _signature(Path(path) for path in (ca, certificate, key) if path))


@lru_cache(maxsize=16)
def _context(ca: str, certificate: str, key: str, found: _Signature) -> ssl.SSLContext:
    """Make a context; the system's authorities alone take 20 ms to read, and every connection asks for one."""
    import ssl

    try:
        context = ssl.create_default_context(cafile=ca or None)
    except (ssl.SSLError, OSError) as error:
        raise TlsFault(f"The file {ca} holds no certificate that can be read.") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate:
        read_identity(TlsFiles(Path(certificate), Path(key)))
        context.load_cert_chain(certificate, key)
    return context


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise TlsFault(f"The file {path} does not exist: TLS needs it.") from None
    except OSError as error:
        raise TlsFault(f"The file {path}, which TLS needs, cannot be read: {error.strerror}.") from None


def _signature(paths: Iterable[Path]) -> _Signature:
    """Return what is another after a file was replaced. Raises `TlsFault`."""
    found = []
    for path in paths:
        try:
            status = os.stat(path)  # noqa: PTH116 - at each handshake, and Path.stat takes longer
        except FileNotFoundError:
            raise TlsFault(f"The file {path} does not exist: TLS needs it.") from None
        except OSError as error:
            raise TlsFault(f"The file {path}, which TLS needs, cannot be read: {error.strerror}.") from None
        found.append((status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns))
    return tuple(found)


def _certificates(path: Path, content: bytes) -> list[Certificate]:
    # 60 ms and 6 MB at import, which who uses no TLS need not pay.
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise TlsFault(f"The file {path} holds no certificate in PEM form.") from None


def _check_key(files: TlsFiles, certificate: Certificate, content: bytes) -> None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    try:
        key = load_pem_private_key(content, None)
    except TypeError:
        raise TlsFault(f"The key in {files.key} is encrypted: write it without a password.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise TlsFault(f"The file {files.key} holds no private key in PEM form.") from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise TlsFault(f"The key in {files.key} is not that of the certificate in {files.certificate}.")


def _check_time(path: Path, certificate: Certificate, now: float) -> None:
    begins, ends = certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()
    if now >= ends:
        raise TlsFault(f"The certificate in {path} expired at {_date(ends)}.")
    if now < begins:
        raise TlsFault(f"The certificate in {path} is not valid before {_date(begins)}: check the clock.")


def _check_issuer(
    files: TlsFiles, chain: Sequence[Certificate], authorities: Sequence[Certificate], now: float
) -> None:
    assert files.ca is not None
    valid = [each for each in authorities if each.not_valid_after_utc.timestamp() > now]
    if not valid:
        ends = max(each.not_valid_after_utc.timestamp() for each in authorities)
        raise TlsFault(f"The certificate of the authority in {files.ca} expired at {_date(ends)}.")
    issued = chain[0]
    for issuer in chain[1:]:
        if not _issued_by(issued, issuer):
            break
        issued = issuer
    if issued not in valid and not any(_issued_by(issued, authority) for authority in valid):
        raise TlsFault(f"The certificate in {files.certificate} is not issued by an authority in {files.ca}.")


def _issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
