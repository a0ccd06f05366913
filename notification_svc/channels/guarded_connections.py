"""Connections to hosts that users named: a name is looked up, its addresses are checked, and these are connected to.

It takes the place of httpcore's own way to connect, below its pool, so that there is no way around it, and nothing can
change between the check and the connection.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from typing import NoReturn

import httpcore
from httpcore import AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream

from notification_svc.channels.name_lookups import NameLookups
from notification_svc.channels.network_rules import AddressRefused, NetworkRules

_MOST_ADDRESSES = 4
"""Addresses of one name that are tried."""

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class HostUnknown(OSError):
    """A host's name could not be looked up."""


class GuardedBackend(AsyncNetworkBackend):
    """Connects to permitted addresses alone."""

    def __init__(self, rules: NetworkRules) -> None:
        self._rules = rules
        self._lookups = NameLookups()
        self._inner = AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to a host. Raises AddressRefused, HostUnknown, and httpcore's errors."""
        try:
            async with asyncio.timeout(timeout):
                return await self._connect(host, port, timeout, local_address, socket_options)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"no connection within {timeout:g} s") from error

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        socket_options: Iterable[SocketOption] | None = None,
    ) -> NoReturn:
        """Raise AddressRefused."""
        raise AddressRefused(f"{path} is on this machine")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def _connect(
        self,
        host: str,
        port: int,
        seconds: float | None,
        local_address: str | None,
        options: Iterable[SocketOption] | None,
    ) -> AsyncNetworkStream:
        addresses = (await self._addresses(host, port))[:_MOST_ADDRESSES]
        # One address that does not answer must not take the time of the others.
        each = None if seconds is None else seconds / len(addresses)
        failure: Exception | None = None
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, each, local_address, options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        assert failure is not None
        raise failure

    async def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = await self._lookups.addresses(host, port)
        except (socket.gaierror, UnicodeError) as error:
            raise HostUnknown("the name of the host is not known") from error
        permitted = [address for address in found if self._rules.permits(address)]
        if not permitted:
            raise AddressRefused("the host is none on the public internet")
        return permitted
