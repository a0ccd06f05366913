"""Signs tests in at a whole mesh, by the API key that it keeps for the commands of its machine: the one place for it."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import grpc
import httpx

LEAST_SECONDS = 60.0
EXCHANGE_SECONDS = 10.0


class MeshAuth(httpx.Auth):
    """For `httpx`: every request has a token that lasts. `token` for those who put it somewhere themselves."""

    def __init__(self, url: str, api_key: Callable[[], str]) -> None:
        """`api_key` is asked at each exchange."""
        self._url = url
        self._api_key = api_key
        self._lock = threading.Lock()
        self._token = ""
        self._ends = 0.0

    def token(self) -> str:
        """Return an access token. Raises `httpx.HTTPError` where the mesh gives none."""
        with self._lock:
            if self._ends < time.time() + LEAST_SECONDS:
                answer = httpx.post(
                    f"{self._url}/v1/sessions:exchangeApiKey",
                    json={"apiKey": self._api_key()},
                    timeout=EXCHANGE_SECONDS,
                )
                answer.raise_for_status()
                self._token = answer.json()["tokens"]["accessToken"]
                self._ends = _claims(self._token)["exp"]
            return self._token

    @property
    def headers(self) -> dict[str, str]:
        """The header of a signed call."""
        return {"authorization": f"Bearer {self.token()}"}

    @property
    def interceptors(self) -> Any:
        """For a channel of grpc.aio: every call has a token that lasts."""
        return [_Unary(self), _Streaming(self), _Uploading(self)]

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign a request."""
        request.headers.update(self.headers)
        yield request


class _Unary(grpc.aio.UnaryUnaryClientInterceptor):
    def __init__(self, auth: MeshAuth) -> None:
        self._auth = auth

    async def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return await continuation(_signed(self._auth, details), request)


class _Streaming(grpc.aio.UnaryStreamClientInterceptor):
    def __init__(self, auth: MeshAuth) -> None:
        self._auth = auth

    async def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        return await continuation(_signed(self._auth, details), request)


class _Uploading(grpc.aio.StreamUnaryClientInterceptor):
    def __init__(self, auth: MeshAuth) -> None:
        self._auth = auth

    async def intercept_stream_unary(self, continuation: Any, details: Any, requests: Any) -> Any:
        return await continuation(_signed(self._auth, details), requests)


def key_in(data: Path) -> str:
    """Return the API key in a data folder."""
    key: str = json.loads((data / "cli-credentials.json").read_text())["api_key"]
    return key


def _signed(auth: MeshAuth, details: Any) -> Any:
    metadata = grpc.aio.Metadata(*(details.metadata or ()))
    for name, value in auth.headers.items():
        metadata.add(name, value)
    return details._replace(metadata=metadata)


def _claims(token: str) -> dict[str, Any]:
    content = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))
    return claims
