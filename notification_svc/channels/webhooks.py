"""Webhooks: signed JSON to URLs that users named (Standard Webhooks 1.0).

httpcore, which httpx is made of, is used without it: what httpx adds (redirects, cookies, proxies of the environment,
decompression) must not happen here, and the guard of connections sits below its pool.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from urllib.parse import urlsplit

import httpcore
import idna
import orjson

from notification_svc.channels.guarded_connections import GuardedBackend, HostUnknown
from notification_svc.channels.network_rules import AddressRefused, NetworkRules
from notification_svc.channels.port import AddressInvalid, Delivered, Failed, Outcome, OutgoingMessage
from notification_svc.channels.retry_after import retry_after_seconds
from notification_svc.channels.webhook_signature import SecretInvalid, signature_headers

MOST_URL = 2000
MOST_BODY_BYTES = 256 << 10
MOST_ANSWER_BYTES = 16 << 10
"""So much of an answer is read that its connection can be used again; of a longer one nobody needs the rest."""
_ANSWER_REST_SECONDS = 1.0
_THROTTLED_SECONDS = 30.0
"""How long a receiver under load is left alone that does not say how long."""
_UNDER_LOAD = frozenset({429, 502, 503, 504})
_GONE = 410
_IDLE_SECONDS = 30.0
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookLimits:
    """How long a webhook may take, and how many are under way at once."""

    connections: int = 50
    connect_seconds: float = 5.0
    seconds: float = 15.0
    plain_http: bool = False
    """Whether http:// is allowed."""


class WebhookChannel:
    """Posts messages to the URLs of receivers. The address of a message is the URL."""

    def __init__(
        self,
        rules: NetworkRules,
        limits: WebhookLimits | None = None,
        *,
        ca_file: Path | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Read the authorities: `ca_file`, or those of the system. Raises OSError and ssl.SSLError."""
        self._rules = rules
        self._limits = limits or WebhookLimits()
        self._now = now
        # A context of its own, as httpcore sets in it what it offers.
        tls = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
        tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self._places = asyncio.Semaphore(self._limits.connections)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=self._limits.connections,
            max_keepalive_connections=self._limits.connections,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=GuardedBackend(rules),
        )

    async def check(self, address: str) -> None:
        """Raise AddressInvalid where a URL is none that webhooks go to."""
        self._url(address)

    async def send(self, message: OutgoingMessage) -> Outcome:
        """Sign and post the message."""
        try:
            url = self._url(message.address)
            body = _body(message)
        except AddressInvalid as error:
            return Failed(False, str(error))
        except TypeError as error:
            return Failed(False, f"The data of the message is no JSON: {error}.", ours=True)
        if len(body) > MOST_BODY_BYTES:
            return Failed(False, f"The message has {len(body)} bytes, more than {MOST_BODY_BYTES}.", ours=True)
        async with self._places:
            # After the wait, since receivers take no old timestamps.
            try:
                signed = signature_headers(message.delivery_id, self._now(), body, message.signing_secrets)
            except SecretInvalid as error:
                return Failed(False, f"The message cannot be signed: {error}.", ours=True)
            return await self._post(url, body, signed)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    def _url(self, address: str) -> httpcore.URL:
        if len(address) > MOST_URL:
            raise AddressInvalid(f"A URL has at most {MOST_URL} characters.")
        if not address.isprintable() or " " in address or "\\" in address:
            raise AddressInvalid("The URL has characters that no URL has.")
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError:
            raise AddressInvalid("It is no URL.") from None
        allowed = ("https", "http") if self._limits.plain_http else ("https",)
        if parts.scheme not in allowed:
            raise AddressInvalid(f"The URL must begin with {' or '.join(f'{scheme}://' for scheme in allowed)}.")
        if not parts.hostname:
            raise AddressInvalid("The URL names no host.")
        if "@" in parts.netloc:
            raise AddressInvalid("The URL must hold no user and no password: the signature says who sends.")
        if parts.fragment:
            raise AddressInvalid("The URL must have no fragment (#): it is not sent.")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not target.isascii():
            raise AddressInvalid("The path of the URL must be written in ASCII, everything else percent-encoded.")
        host = _host(parts.hostname)
        if _is_numeric(host) and not self._rules.permits(host):
            raise AddressInvalid("The host of the URL is none on the public internet.")
        return httpcore.URL(
            scheme=parts.scheme.encode(), host=host.encode(), port=port or _PORTS[parts.scheme], target=target.encode()
        )

    async def _post(self, url: httpcore.URL, body: bytes, signed: dict[str, str]) -> Outcome:
        limits = self._limits
        each = limits.seconds
        headers: dict[bytes | str, bytes | str] = {
            "host": _authority(url),
            "content-type": "application/json",
            "accept": "*/*",
            "user-agent": "Flowmesh-Webhooks/1",
            "content-length": str(len(body)),
        }
        headers.update(signed)
        try:
            async with asyncio.timeout(limits.seconds):
                async with self._pool.stream(
                    "POST",
                    url,
                    headers=headers,
                    content=body,
                    extensions={
                        "timeout": {"connect": limits.connect_seconds, "read": each, "write": each, "pool": each}
                    },
                ) as response:
                    outcome = self._outcome(response)
                    await _drain(response)
                    return outcome
        except AddressRefused:
            return Failed(False, "The host of the URL is none on the public internet.")
        except HostUnknown:
            return Failed(True, "The name of the host is not known.")
        except httpcore.ConnectTimeout:
            return Failed(True, f"There was no connection within {limits.connect_seconds:g} s.", timed_out=True)
        except (TimeoutError, httpcore.TimeoutException):
            reason = f"There was no answer within {limits.seconds:g} s; it may have been received."
            return Failed(True, reason, timed_out=True)
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            return Failed(True, _connection_failure(error))

    def _outcome(self, response: httpcore.Response) -> Outcome:
        status = response.status
        if 200 <= status < 300:
            return Delivered(f"HTTP {status}")
        if 300 <= status < 400:
            return Failed(
                False, f"The receiver answered HTTP {status}, which leads elsewhere: the URL itself must be changed."
            )
        if status == _GONE:
            return Failed(False, f"The receiver answered HTTP {status}: it wants no more.", address_gone=True)
        asked = next((value for name, value in response.headers if name.lower() == b"retry-after"), b"")
        wait = retry_after_seconds(asked.decode("latin-1"), self._now())
        if not wait and status in _UNDER_LOAD:
            wait = _THROTTLED_SECONDS
        return Failed(True, f"The receiver answered HTTP {status}.", wait)


def _body(message: OutgoingMessage) -> bytes:
    return orjson.dumps(
        {
            "type": message.event_type,
            "timestamp": message.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "data": message.data,
        }
    )


def _host(name: str) -> str:
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode()
    except idna.IDNAError:
        raise AddressInvalid("The URL names no host that there can be.") from None


def _is_numeric(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _authority(url: httpcore.URL) -> str:
    host = url.host.decode()
    shown = f"[{host}]" if ":" in host else host
    return shown if url.port == _PORTS[url.scheme.decode()] else f"{shown}:{url.port}"


async def _drain(response: httpcore.Response) -> None:
    """Read a short answer to its end; the outcome is known, so nothing that happens here changes it."""
    size = 0
    try:
        async with asyncio.timeout(_ANSWER_REST_SECONDS):
            async for chunk in response.aiter_stream():
                size += len(chunk)
                if size > MOST_ANSWER_BYTES:
                    return
    except (TimeoutError, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        return


def _connection_failure(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"The certificate of the receiver is not valid: {cause.verify_message}."
        if isinstance(cause, ssl.SSLError):
            return f"The receiver cannot be spoken to by TLS: {cause.reason or 'the handshake failed'}."
        if isinstance(cause, ConnectionRefusedError):
            return "The receiver refuses connections."
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpcore.ConnectError):
        return "The receiver cannot be reached."
    if isinstance(error, httpcore.ProtocolError):
        return "The receiver does not answer in HTTP; it may have received the message."
    return "The connection broke; the receiver may have received the message."
