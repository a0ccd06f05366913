"""The second level: values in a Redis that the processes of a service share.

One task holds the link: it subscribes to what other processes delete, and asks for a sign of life. Calls use Redis
only while the link is up, and the first one that fails takes it down: a Redis that is dead or stands still costs the
calls that were under way one time-out, and nobody after them.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import uuid4

import orjson
from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeout

from mesh.background import end
from mesh.cache.measures import ServiceMeasures
from mesh.cache.port import Entry
from mesh.logs import get_log
from mesh.tls import TlsFault, client_context

_log = get_log(__name__)

T = TypeVar("T")

_FILES = ("ca", "certificate", "key")

CONNECTIONS = 8
LINK_SECONDS = 1.0
"""How long the link may take to be made and to answer; no caller waits for it."""
HEARTBEAT_SECONDS = 1.0
GLANCE_SECONDS = 0.1
"""How late the link sees that a call failed."""
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0
STEADY_SECONDS = 10.0
"""A link that held so long is made again at once, others after longer and longer pauses."""
MAX_BATCH_BYTES = 1024 * 1024
"""Larger values are not kept, and no more is sent in one call."""

_DELETE_TAGS = """
local count = 0
for _, tag in ipairs(KEYS) do
  local keys = redis.call('SMEMBERS', tag)
  for _, key in ipairs(keys) do
    redis.call('UNLINK', key)
    count = count + 1
  end
  redis.call('UNLINK', tag)
end
return count
"""

OnDelete = Callable[[str, Sequence[str], Sequence[str]], None]
"""Is told what another process deleted: cache, keys, tags."""


class _Files:
    """The files of TLS, in the place of the library's context, which trusts the system's authorities as well."""

    def __init__(self, ca: str, certificate: str, key: str) -> None:
        self._names = (ca, certificate, key)

    def get(self) -> ssl.SSLContext:
        """Return what the next connection needs. Raises RedisConnectionError for files that are no use."""
        try:
            return client_context(*self._names)
        except TlsFault as fault:
            raise RedisConnectionError(str(fault)) from fault


class _TlsConnection(SSLConnection):
    def __init__(self, *, files: _Files, **named: Any) -> None:
        super().__init__(**named)
        self.ssl_context = files  # type: ignore[assignment] # it is only asked by `get`


def _place(url: str) -> dict[str, Any]:
    """Return what the library is told of a URL; `ca`, `certificate` and `key` name files. Raises ValueError."""
    parts = urlsplit(url)
    options = parse_qsl(parts.query, keep_blank_values=True)
    encrypted = parts.scheme == "rediss"
    if wrong := next((name for name, _ in options if name.startswith("ssl_")), None):
        raise ValueError(f"it knows no option {wrong}: {', '.join(_FILES)} name the files of TLS")
    files = {name: value for name, value in options if name in _FILES}
    if files and not encrypted:
        raise ValueError(f"{next(iter(files))} is for rediss://")
    others = urlencode([(name, value) for name, value in options if name not in _FILES])
    place: dict[str, Any] = dict(parse_url(urlunsplit(parts._replace(query=others))))
    if encrypted:
        names = [files.get(name, "") for name in _FILES]
        client_context(*names)
        place |= {"connection_class": _TlsConnection, "files": _Files(*names)}
    return place


class RedisStore:
    """See `RemoteStore`. `service` keeps apart what several services have in one Redis.

    Raises ValueError for a URL that is not understood, `TlsFault` for files of TLS that are no use.
    """

    def __init__(
        self, url: str, service: str, measures: ServiceMeasures, on_delete: OnDelete, *, answer_seconds: float
    ) -> None:
        self._prefix = f"flowmesh:{service}"
        self._channel = f"{self._prefix}:deleted".encode()
        self._node = uuid4().hex
        self._measures = measures
        self._on_delete = on_delete
        self._answer_seconds = answer_seconds
        self._up = False
        self._closing = False
        self._warned = False
        self._linking: asyncio.Task[None] | None = None
        place = _place(url)
        self._redis = Redis.from_pool(
            BlockingConnectionPool(
                **place,
                max_connections=CONNECTIONS,
                timeout=answer_seconds,
                socket_timeout=answer_seconds,
                socket_connect_timeout=answer_seconds,
                # Whoever waits here is a caller: what fails is a miss, and the link tries again.
                retry=Retry(NoBackoff(), 0),
            )
        )
        self._link = Redis.from_pool(
            ConnectionPool(
                **place,
                socket_timeout=LINK_SECONDS,
                socket_connect_timeout=LINK_SECONDS,
                retry=Retry(NoBackoff(), 0),
            )
        )

    @property
    def up(self) -> bool:
        """Whether calls use Redis now."""
        return self._up

    def start(self) -> None:
        """Begin to connect; nobody waits for it."""
        self._linking = asyncio.create_task(self._keep_link(), name="cache link")

    async def close(self) -> None:
        """Break the link."""
        # Cancelling alone may be lost: redis-py's timeouts swallow a cancellation that meets one of them.
        self._closing = True
        self._set_up(up=False)
        await end(self._linking)
        await self._redis.aclose()
        await self._link.aclose()

    async def get_many(self, cache: str, keys: Sequence[str]) -> list[bytes | None] | None:
        """See `RemoteStore.get_many`."""
        names = [self._name(cache, key) for key in keys]
        return await self._call(lambda: cast("Awaitable[list[bytes | None]]", self._redis.mget(names)))

    async def set_many(self, cache: str, entries: Sequence[Entry], seconds: int) -> None:
        """See `RemoteStore.set_many`."""
        batch: list[Entry] = []
        size = 0
        for entry in entries:
            if len(entry.value) > MAX_BATCH_BYTES:
                continue
            if size + len(entry.value) > MAX_BATCH_BYTES:
                await self._send(cache, batch, seconds)
                batch, size = [], 0
            batch.append(entry)
            size += len(entry.value)
        if batch:
            await self._send(cache, batch, seconds)

    async def delete(self, cache: str, keys: Sequence[str], tags: Sequence[str]) -> None:
        """See `RemoteStore.delete`."""
        told = orjson.dumps([self._node, cache, list(keys), list(tags)])

        async def delete() -> None:
            async with self._redis.pipeline(transaction=False) as pipeline:
                if keys:
                    pipeline.unlink(*(self._name(cache, key) for key in keys))
                if tags:
                    pipeline.eval(_DELETE_TAGS, len(tags), *(self._tag(cache, tag) for tag in tags))
                pipeline.publish(self._channel, told)
                await pipeline.execute()

        await self._call(delete)

    async def _send(self, cache: str, entries: Sequence[Entry], seconds: int) -> None:
        async def send() -> None:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for entry in entries:
                    name = self._name(cache, entry.key)
                    pipeline.set(name, entry.value, ex=seconds)
                    for tag in entry.tags:
                        pipeline.sadd(self._tag(cache, tag), name)
                        pipeline.expire(self._tag(cache, tag), seconds)
                await pipeline.execute()

        await self._call(send)

    def _name(self, cache: str, key: str) -> str:
        return f"{self._prefix}:{cache}:{key}"

    def _tag(self, cache: str, tag: str) -> str:
        return f"{self._prefix}:{cache}:tag:{tag}"

    async def _call(self, call: Callable[[], Awaitable[T]]) -> T | None:
        if not self._up:
            return None
        try:
            async with asyncio.timeout(self._answer_seconds):
                return await call()
        except ResponseError as error:
            # It answers, if not as wanted: out of memory, a replica that takes no writes.
            self._measures.remote_errors.at("refused").add()
            self._warn(error)
        except (TimeoutError, RedisTimeout) as error:
            self._measures.remote_errors.at("timeout").add()
            self._lost(error)
        except (RedisError, OSError) as error:
            self._measures.remote_errors.at("connection").add()
            self._lost(error)
        return None

    def _lost(self, error: Exception) -> None:
        self._set_up(up=False)
        self._warn(error)

    def _warn(self, error: Exception) -> None:
        # Once until Redis is back: every call may fail in the same way.
        if not self._warned:
            self._warned = True
            _log.warning("The cache goes on without Redis", cause=str(error) or type(error).__name__)

    def _set_up(self, *, up: bool) -> None:
        self._up = up
        self._measures.remote_up.set(int(up))

    async def _keep_link(self) -> None:
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE_SECONDS
        while not self._closing:
            began = loop.time()
            try:
                async with self._link.pubsub() as listening:
                    await self._open(listening)
                    self._set_up(up=True)
                    self._warned = False
                    _log.info("The cache uses Redis")
                    await self._listen(listening)
            except Exception as error:  # noqa: BLE001 - the link has to come back, whatever broke it
                self._lost(error)
            if loop.time() - began > STEADY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _open(self, listening: PubSub) -> None:
        # What stood still with Redis would be waited for by the next callers.
        await self._redis.connection_pool.disconnect(inuse_connections=False)
        async with asyncio.timeout(LINK_SECONDS):
            await listening.subscribe(self._channel)
            await self._next(listening, "subscribe", LINK_SECONDS)
            await listening.ping()
        # One that is too slow for callers is not used.
        await self._next(listening, "pong", self._answer_seconds)

    async def _listen(self, listening: PubSub) -> None:
        loop = asyncio.get_running_loop()
        heard = loop.time()
        while self._up and not self._closing:
            message = await listening.get_message(timeout=GLANCE_SECONDS)
            if message is not None:
                heard = loop.time()
                self._take(message)
            elif loop.time() - heard > HEARTBEAT_SECONDS:
                await listening.ping()
                await self._next(listening, "pong", LINK_SECONDS)
                heard = loop.time()

    async def _next(self, listening: PubSub, kind: str, seconds: float) -> None:
        """Take messages until one of a kind has come. Raises `TimeoutError`."""
        async with asyncio.timeout(seconds):
            while True:
                message = await listening.get_message(timeout=seconds)
                if message is not None:
                    if message["type"] == kind:
                        return
                    self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] != "message":
            return
        try:
            node, cache, keys, tags = orjson.loads(message["data"])
            if node != self._node:
                self._on_delete(cache, keys, tags)
        except (ValueError, TypeError) as error:
            # Whoever may write to Redis may publish anything.
            _log.warning("What Redis told of deleted entries cannot be read", cause=str(error))
