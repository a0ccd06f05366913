"""The process that speaks to chats, SMS and push services through apprise.

`notification_svc.channels.apprise` starts it. apprise blocks, keeps 45 MB and tells no more than whether it worked;
here it can be watched, held to the rules of the network and ended. Standard input brings messages, standard output
takes what became of them, both as frames. It logs nothing: lines of apprise may hold tokens.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import logging
import os
import resource
import signal
import socket
import sys
import sysconfig
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from notification_svc.channels.network_rules import NetworkRules
from notification_svc.channels.process_frames import frame, read_frame
from notification_svc.channels.retry_after import retry_after_seconds

MOST_ANSWER_BYTES = 1 << 20
_MOST_MEMORY = 2 << 30
_CHUNK = 16 << 10
_THROTTLED_SECONDS = 30.0
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_UNDER_LOAD = frozenset({429, 503})
_CODE_NAMES = {"feishu": "code", "lark": "code"}
"""In which field of an answer a service tells a failure that HTTP calls a success; in those of all others `errcode`."""
_PASSING_CODES = frozenset({-1, 45009, 45033, 130101, 410100, 11232, 99991400})
"""Codes of DingTalk, WeCom and Feishu for «busy» and «too often»."""
_FORBIDDEN = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "pty.spawn"}
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_SYSTEM_FILES = ("/etc/ssl/", "/usr/share/zoneinfo/", "/usr/lib/ssl/", "/etc/localtime", "/etc/mime.types", "/dev/null")


class Refused(OSError):
    """What a plugin tried is not for it to do."""


@dataclass(slots=True)
class Exchange:
    """What happened between a plugin and its service."""

    deadline: float
    refused: bool = False
    tried: int = 0
    answers: list[tuple[int, float, Any]] = field(default_factory=list)
    """Status, seconds that the service asks to be left alone for, and what the answer said as JSON."""
    sockets: list[socket.socket] = field(default_factory=list)
    """Second handles of the connections, which stay what they are when TLS is put over the first ones."""

    def cut(self) -> None:
        """End the connections: whoever reads from them reads no further."""
        for each in self.sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """Let go of the handles."""
        for each in self.sockets:
            each.close()


_current = threading.local()


class Guard:
    """Watches what this process does: connections by the rules of the network, no processes, no files of others."""

    def __init__(self, rules: NetworkRules, readable: tuple[str, ...]) -> None:
        self._rules = rules
        self._readable = readable

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Look at an event of `sys.addaudithook`. Raises Refused."""
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            self._address(arguments[0], arguments[1])
        elif event == "open":
            self._file(arguments[0], arguments[2])
        elif event in _FORBIDDEN:
            raise Refused("no plugin starts processes")

    def _address(self, connection: socket.socket, address: Any) -> None:
        exchange: Exchange | None = getattr(_current, "exchange", None)
        # A name instead of a number would be looked up once more, and could lead elsewhere.
        if not isinstance(address, tuple) or not self._rules.permits(str(address[0])):
            if exchange is not None:
                exchange.refused = True
            raise Refused("the host is none on the public internet")
        if exchange is not None:
            if time.monotonic() > exchange.deadline:
                raise Refused("it is too late for another connection")
            exchange.sockets.append(connection.dup())

    def _file(self, path: Any, flags: Any) -> None:
        if isinstance(path, int):
            return
        name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - no more of the file system than needed, in a hook
        if (isinstance(flags, int) and flags & _WRITING) or not name.startswith(self._readable):
            raise Refused("no plugin opens this file")


class Sender:
    """Sends messages with apprise."""

    def __init__(self, answer_seconds: float, ca_file: str) -> None:
        import apprise
        import requests
        from apprise.common import OverflowMode

        self._apprise = apprise
        self._truncate = OverflowMode.TRUNCATE
        self._answer_seconds = answer_seconds
        self._asset = apprise.AppriseAsset(
            app_id="Flowmesh",
            app_desc="Flowmesh",
            app_url="",
            image_url_mask="",
            image_url_logo="",
            async_mode=False,
            secure_logging=True,
            http_redirects=False,
            interpret_escapes=False,
            storage_mode="memory",
            allow_templates=False,
            timezone="UTC",
            language="en",
        )
        _observe(requests, answer_seconds, ca_file)
        # Loads all plugins, half a second that is no time of the first message.
        apprise.Apprise.instantiate("json://localhost", asset=self._asset)

    def fault(self, url: str) -> str:
        """Return what is wrong with a URL, nothing where it can be used."""
        return self._plugin(url)[1]

    def send(self, url: str, title: str, body: str, deadline: float) -> dict[str, Any]:
        """Send a message; what became of it, as `Failed` and `Delivered` have it."""
        plugin, fault = self._plugin(url)
        if plugin is None:
            return _failed(fault)
        exchange = Exchange(deadline)
        _current.exchange = exchange
        # Time-outs of a request begin anew with each byte.
        ending = threading.Timer(deadline - time.monotonic(), exchange.cut)
        ending.daemon = True
        ending.start()
        try:
            done = bool(
                plugin.notify(
                    title=title,
                    body=body,
                    notify_type=self._apprise.NotifyType.INFO,
                    body_format=self._apprise.NotifyFormat.TEXT,
                )
            )
        except Exception as error:  # noqa: BLE001 - plugins are many, and of one message the others know nothing
            return _failed(f"The plugin of {plugin.service_name} failed with {type(error).__name__}.", retryable=True)
        finally:
            _current.exchange = None
            ending.cancel()
            ending.join()
            exchange.end()
        return _outcome(str(plugin.service_name), type(plugin).__module__.rpartition(".")[2], done, exchange)

    def _plugin(self, url: str) -> tuple[Any, str]:
        try:
            plugin = self._apprise.Apprise.instantiate(url, asset=self._asset, suppress_exceptions=True)
        except Exception:  # noqa: BLE001 - plugins are many; what they say may hold the URL
            plugin = None
        if plugin is None:
            return None, f"It is no URL of a service that apprise knows, or a part of it is missing: {_scheme(url)}://"
        if not _speaks_http(plugin):
            return None, f"{plugin.service_name} is not spoken to over HTTP: only such services are."
        if not plugin.verify_certificate:
            return None, "The URL must not say verify=no: anybody could take the service's place."
        if not len(plugin):
            return None, "The URL names nobody that the service could reach."
        if len(plugin) > 1:
            # Of several, some could be reached and others not, and some would be told twice.
            return None, f"The URL names {len(plugin)} targets: use a URL for each."
        # What the URL says of these is of no account.
        plugin.redirects = False
        plugin.overflow_mode = self._truncate
        plugin.socket_connect_timeout = plugin.socket_read_timeout = self._answer_seconds
        return plugin, ""


def _speaks_http(plugin: Any) -> bool:
    """Tell whether a plugin speaks by requests, so that it can be watched."""
    modules = (sys.modules.get(each.__module__) for each in type(plugin).__mro__)
    return any(hasattr(module, "requests") for module in modules if module is not None)


def _scheme(url: str) -> str:
    return "".join(character for character in url.partition("://")[0][:20].lower() if character.isalnum())


def _observe(requests: Any, answer_seconds: float, ca_file: str) -> None:
    """Have every request of this process noted: how it ended, and no more of its answer than there is room for."""
    original = requests.Session.send

    def send(session: Any, request: Any, **options: Any) -> Any:
        exchange: Exchange | None = getattr(_current, "exchange", None)
        deadline = time.monotonic() + answer_seconds if exchange is None else exchange.deadline
        if exchange is not None:
            exchange.tried += 1
        if options.get("verify") is False:
            raise requests.exceptions.SSLError("certificates are always checked")
        if ca_file:
            options["verify"] = ca_file
        left = max(0.001, min(answer_seconds, deadline - time.monotonic()))
        options.update(allow_redirects=False, stream=True, timeout=(left, left))
        response = original(session, request, **options)
        content = bytearray()
        for chunk in response.iter_content(_CHUNK):
            content += chunk
            if len(content) > MOST_ANSWER_BYTES or time.monotonic() > deadline:
                response.close()
                raise requests.exceptions.ReadTimeout("the answer does not end")
        response._content = bytes(content)
        if exchange is not None:
            asked = retry_after_seconds(response.headers.get("Retry-After", ""), time.time())
            exchange.answers.append((response.status_code, asked, _as_json(bytes(content))))
        return response

    requests.Session.send = send


def _as_json(content: bytes) -> Any:
    try:
        return json.loads(content) if content[:1] == b"{" else None
    except (ValueError, RecursionError):
        return None


def _outcome(service: str, plugin: str, done: bool, exchange: Exchange) -> dict[str, Any]:
    if exchange.refused and not exchange.answers:
        return _failed("The host of the URL is none on the public internet.")
    status, wait, said = exchange.answers[-1] if exchange.answers else (0, 0.0, None)
    code = said.get(_CODE_NAMES.get(plugin, "errcode")) if isinstance(said, dict) else None
    if isinstance(code, int) and code != 0 and status < 300:
        # Services that answer 200 to everything, and plugins that look no further.
        return _failed(f"{service} answered with the code {code}.", retryable=code in _PASSING_CODES, wait=wait)
    if done:
        return {"delivered": f"HTTP {status}" if status else ""}
    if not exchange.tried:
        return _failed(f"The URL names nobody that {service} could reach.")
    if len(exchange.answers) < exchange.tried:
        return _failed(f"{service} cannot be reached, or did not answer in time.", retryable=True)
    if status in _PASSING and not wait:
        wait = _THROTTLED_SECONDS if status in _UNDER_LOAD else 0.0
    passing = status in _PASSING or 200 <= status < 300
    return _failed(f"{service} answered HTTP {status}.", retryable=passing, wait=wait)


def _failed(reason: str, *, retryable: bool = False, wait: float = 0.0) -> dict[str, Any]:
    return {"reason": reason, "retryable": retryable, "retry_after": wait}


class Serving:
    """Answers the frames that come in."""

    def __init__(self, sender: Sender, threads: int) -> None:
        self._sender = sender
        self._threads = ThreadPoolExecutor(threads)
        self._writing = threading.Lock()

    def run(self) -> None:
        """Answer until there is no more to read."""
        while (request := read_frame(sys.stdin.buffer)) is not None:
            self._threads.submit(self._answer, request)

    def tell(self, content: Any) -> None:
        """Write a frame."""
        with self._writing:
            sys.stdout.buffer.write(frame(content))
            sys.stdout.buffer.flush()

    def _answer(self, request: dict[str, Any]) -> None:
        answer: dict[str, Any]
        try:
            if request["what"] == "check":
                answer = {"fault": self._sender.fault(request["url"])}
            else:
                deadline = time.monotonic() + request["seconds"]
                answer = self._sender.send(request["url"], request["title"], request["body"], deadline)
        except Exception as error:  # noqa: BLE001 - who asked must be told something, and nothing of the URL
            reason = f"The URL or the message could not be dealt with: {type(error).__name__}."
            answer = {"fault": reason, **_failed(reason, retryable=True)}
        with contextlib.suppress(BrokenPipeError):
            self.tell({**answer, "number": request["number"]})


def main() -> None:
    """Run the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    options = read_frame(sys.stdin.buffer)
    if options is None:
        return
    rules = NetworkRules(tuple(ipaddress.ip_network(text) for text in options["networks"]))
    sender = Sender(options["answer_seconds"], options["ca_file"])
    sys.addaudithook(Guard(rules, _readable(options)))
    serving = Serving(sender, options["threads"])
    serving.tell({"ready": True})
    serving.run()
    # Threads may hang in a service that does not answer; nobody waits for them any more.
    os._exit(0)


def _readable(options: dict[str, Any]) -> tuple[str, ...]:
    """Return where files may be read: Python and its libraries, what the system knows of TLS and time, keys."""
    places = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    for name in ("apprise", "certifi", "requests"):
        package = sys.modules[name].__file__
        assert package is not None
        places.add(str(Path(package).parents[1]))
    places.update({options["key_dir"]} - {""})
    folders = {each + os.sep for place in places for each in (place, str(Path(place).resolve()))}
    return (*folders, *_SYSTEM_FILES, *({options["ca_file"]} - {""}))


if __name__ == "__main__":
    main()
