"""By what services know each other."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jwt
import pytest

from mesh.access.mesh_tokens import LIFE_SECONDS, MeshTokenMaker, MeshTokenVerifier
from mesh.errors import Unauthenticated
from tests.infrastructure.identity import SECRET, SigningKey


class Clock:
    def __init__(self) -> None:
        self.seconds = time.time()

    def __call__(self) -> float:
        return self.seconds


def made(secret: str = SECRET, headers: dict[str, Any] | None = None, without: str = "", **claims: Any) -> str:
    now = int(time.time())
    content = {"aud": "flowmesh-mesh", "sub": "service:engine", "iat": now, "exp": now + 60, **claims}
    content.pop(without, None)
    return jwt.encode(content, secret, "HS256", headers or {"typ": "mesh+jwt"})


def test_token_serves_for_half_its_life_and_is_known_then() -> None:
    clock = Clock()
    maker, verifier = MeshTokenMaker(SECRET, "history", now=clock), MeshTokenVerifier(SECRET, now=clock)
    first = maker.token()
    assert verifier.verify(first) == "history"
    clock.seconds += LIFE_SECONDS / 2 - 1
    assert maker.token() == first
    clock.seconds += 2
    second = maker.token()
    assert second != first
    assert verifier.verify(second) == verifier.verify(first) == "history"
    clock.seconds += LIFE_SECONDS / 2
    with pytest.raises(Unauthenticated):
        verifier.verify(first)
    clock.seconds -= 3600
    assert maker.token() not in (first, second)


def _now() -> int:
    return int(time.time())


OTHERS: dict[str, Callable[[], str]] = {
    "none": lambda: "",
    "junk": lambda: "junk",
    "long": lambda: "x" * 5000,
    "another secret": lambda: made("another-" + SECRET),
    "another kind": lambda: made(headers={"typ": "JWT"}),
    "for users": lambda: made(aud="flowmesh"),
    "for several": lambda: made(aud=["flowmesh-mesh"]),
    "not of a service": lambda: made(sub="root"),
    "expired": lambda: made(exp=_now() - 1, iat=_now() - 30),
    "of the future": lambda: made(iat=_now() + 30, exp=_now() + 60),
    "long-lived": lambda: made(exp=_now() + 3600),
    "ends as a text": lambda: made(exp="9"),
    "unsigned": lambda: jwt.encode({"aud": "flowmesh-mesh", "sub": "service:engine", "iat": 1, "exp": 61}, "", "none"),
    "an access token": lambda: SigningKey().token(
        "ann", aud="flowmesh-mesh", sub="service:engine", headers={"typ": "mesh+jwt"}
    ),
    **{f"without {name}": partial(made, without=name) for name in ("aud", "sub", "iat", "exp")},
}


@pytest.mark.parametrize("name", OTHERS)
def test_others_are_refused(name: str) -> None:
    with pytest.raises(Unauthenticated, match="Only services of the mesh") as refused:
        MeshTokenVerifier(SECRET).verify(OTHERS[name]())
    assert refused.value.reason == "CREDENTIALS_INVALID"


def test_right_token() -> None:
    assert MeshTokenVerifier(SECRET).verify(made()) == "engine"


def test_short_secret() -> None:
    with pytest.raises(ValueError, match="at least 32 characters"):
        MeshTokenMaker("short", "engine")
