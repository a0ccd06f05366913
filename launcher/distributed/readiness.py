"""Asks a process whether it is ready, by a few lines of HTTP that spare the supervisor a client library."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

ASK_SECONDS = 3.0
"""A little more than the checks behind /readyz may take."""


async def is_ready(host: str, admin_port: int, port: int) -> bool:
    """Tell whether a process says that it is ready, and takes calls."""
    status, _ = await ask(host, admin_port, "/readyz")
    return status == 200 and await _listens(host, port)


async def ask(host: str, port: int, path: str, *, tls: bool = False) -> tuple[int, bytes]:
    """GET a page of a process's admin port; status 0 where there is no answer in time.

    With `tls` whoever answers is believed: it is a process of one's own, whose certificate need not name this machine.
    """
    with contextlib.suppress(OSError, TimeoutError, ValueError, IndexError):
        async with asyncio.timeout(ASK_SECONDS):
            reader, writer = await asyncio.open_connection(host, port, ssl=_believing() if tls else None)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n".encode())
                head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
            finally:
                writer.close()
            return int(head.split(b" ", 2)[1]), body
    return 0, b""


def _believing() -> ssl.SSLContext:
    import ssl

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _listens(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(ASK_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
