"""Attacks on signing in and on sessions."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.attacks.accounts import PASSWORD, done, let_in, login, make_user, new_name, tokens
from tests.attacks.victim import Victim, reason, refused
from tests.infrastructure.mesh import Mesh, running_mesh

REVOKED_SECONDS = 5.0
OTHER = "nine-lanterns-above-the-harbour"


@pytest.fixture
async def http(mesh: Mesh) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who is nobody."""
    async with httpx.AsyncClient(base_url=mesh.url, timeout=60) as client:
        yield client


def told(answer: httpx.Response) -> str:
    """Return all that an answer says, but for when it was given and which call it answers."""
    kept = {k: v for k, v in answer.headers.items() if k not in ("date", "x-correlation-id", "content-length")}
    return json.dumps([answer.status_code, kept, answer.text])


async def test_brute_force_of_one_user(rest: httpx.AsyncClient, http: httpx.AsyncClient, victim: Victim) -> None:
    user = await make_user(rest)
    for name in (user, user.upper(), f" {user} ", user, user):
        refused(await login(http, name, "wrong"), 401)
    locked = await login(http, user, "wrong")
    refused(locked, 429)
    assert reason(locked) == "SIGN_IN_LOCKED"
    waited = int(locked.headers["retry-after"]) if "retry-after" in locked.headers else 5
    # Not even the right password is looked at, so that the lock cannot be told from a wrong one.
    right = await login(http, user)
    assert reason(right) == "SIGN_IN_LOCKED"
    await asyncio.sleep(waited + 0.5)
    refused(await login(http, user, "wrong"), 401)
    again = await login(http, user)
    assert reason(again) == "SIGN_IN_LOCKED", "one failure after a lock brings the next one, twice as long"


async def test_brute_force_by_many_connections(
    rest: httpx.AsyncClient, http: httpx.AsyncClient, victim: Victim
) -> None:
    """Guesses at the same time are no more guesses than one after the other."""
    user = await make_user(rest)
    answers = await asyncio.gather(*(login(http, user, f"wrong{n}") for n in range(40)))
    counted = Counter(reason(answer) for answer in answers)
    assert counted["CREDENTIALS_INVALID"] <= 5, counted
    assert set(counted) <= {"CREDENTIALS_INVALID", "SIGN_IN_LOCKED", "BACKPRESSURE"}


async def test_the_lock_tells_nothing(rest: httpx.AsyncClient, http: httpx.AsyncClient, victim: Victim) -> None:
    """A name that nobody has is locked like one that somebody has."""
    user, nobody = await make_user(rest), new_name("nobody")
    seen: dict[str, list[str]] = {}
    for name in (user, nobody):
        answers = [await login(http, name, "wrong") for _ in range(7)]
        seen[name] = [f"{answer.status_code} {reason(answer)}" for answer in answers]
    assert seen[user] == seen[nobody]
    assert seen[user][-1] == "429 SIGN_IN_LOCKED"


async def test_nothing_is_told_of_who_there_is(
    rest: httpx.AsyncClient, http: httpx.AsyncClient, victim: Victim
) -> None:
    disabled, without = await make_user(rest), await make_user(rest, password="")
    user = await make_user(rest)
    await done(rest.post(f"/v1/users/{disabled}:disable", json={}))
    answers = {
        "wrong password": await login(http, user, "wrong"),
        "wrong password by address": await login(http, f"{user}@example.com", "wrong"),
        "nobody": await login(http, new_name("nobody"), "wrong"),
        "disabled, wrong password": await login(http, disabled, "wrong"),
        "disabled, right password": await login(http, disabled),
        "no password": await login(http, without, "wrong"),
        "service account": await login(http, "cli", "wrong"),
        "odd name": await login(http, "' OR 1=1 --", "wrong"),
        "name with NUL": await login(http, f"{user}\x00", "wrong"),
    }
    said = {what: told(answer) for what, answer in answers.items()}
    assert len(set(said.values())) == 1, said
    refused(answers["nobody"], 401)


async def test_spraying_one_password_over_many_users(tmp_path: Path) -> None:
    """At the gateway one address is cut off; behind it, all of those who fail too often together."""
    with running_mesh(tmp_path / "limited") as limited:
        async with httpx.AsyncClient(base_url=limited.url, timeout=30) as http, limited.rest() as rest:
            found: Counter[str] = Counter()
            begun = time.monotonic()
            while not found["RATE_LIMITED"]:
                first = found.total()
                assert first < 400, found
                answers = await asyncio.gather(*(login(http, f"victim-{first + n}", "Summer2026!") for n in range(20)))
                found.update(map(reason, answers))
            minutes = (time.monotonic() - begun) / 60
            assert found.total() - found["RATE_LIMITED"] <= 100 * (1 + minutes) + 1, found
            # Who is signed in is not who attacks, though at the same address.
            assert (await rest.get("/v1/users")).status_code == 200
            over = next(answer for answer in answers if reason(answer) == "RATE_LIMITED")
            refused(over, 429)
            assert int(over.headers["retry-after"]) >= 1
    settings = {"FLOWMESH_GATEWAY_RATE_LIMIT": "0"}
    with running_mesh(tmp_path / "unlimited", settings=settings) as unlimited:
        async with httpx.AsyncClient(base_url=unlimited.url, timeout=30) as http:
            found = Counter()
            for first in range(0, 160, 8):
                answers = await asyncio.gather(*(login(http, f"victim-{first + n}", "Summer2026!") for n in range(8)))
                found.update(map(reason, answers))
            assert found["CREDENTIALS_INVALID"] <= 110, found
            assert found["SIGN_IN_LOCKED"] >= 40, found


async def test_bootstrap_twice_and_by_guessing(tmp_path: Path) -> None:
    with running_mesh(tmp_path, settings={"FLOWMESH_GATEWAY_RATE_LIMIT": "0"}) as mesh:
        token = (tmp_path / "data" / "bootstrap-token").read_text().strip()

        def body(user: str, shown: str) -> dict[str, str]:
            return {"bootstrapToken": shown, "userId": user, "password": PASSWORD}

        async with httpx.AsyncClient(base_url=mesh.url, timeout=60) as http:
            for guess in ("x", token[:-1], token + "x", token.upper(), "fmb_" + "A" * 43, "' OR 1=1 --"):
                answer = await http.post("/v1/sessions:bootstrap", json=body("mallory", guess))
                refused(answer, 401)
                assert reason(answer) == "CREDENTIALS_INVALID"
            racing = [http.post("/v1/sessions:bootstrap", json=body(f"admin-{n}", token)) for n in range(10)]
            answers = await asyncio.gather(*racing)
            won = [answer for answer in answers if answer.status_code == 200]
            assert len(won) == 1, [answer.text for answer in answers]
            for answer in answers:
                if answer.status_code != 200:
                    refused(answer, 400, 401, 429)
            again = await http.post("/v1/sessions:bootstrap", json=body("mallory", token))
            refused(again, 400, 401)
            async with mesh.rest() as rest:
                users = (await rest.get("/v1/users")).json()["users"]
            assert len(users) == 1
            assert not (tmp_path / "data" / "bootstrap-token").exists()


async def refresh(http: httpx.AsyncClient, token: str, request_id: str = "") -> httpx.Response:
    return await http.post("/v1/sessions:refresh", json={"refreshToken": token, "requestId": request_id})


async def test_refresh_token_that_was_stolen(
    rest: httpx.AsyncClient, http: httpx.AsyncClient, mesh: Mesh, victim: Victim
) -> None:
    """Whoever of thief and owner comes second ends the session for both."""
    user = await make_user(rest)
    first = await tokens(http, user)
    second = (await done(refresh(http, first["refreshToken"], "thief")))["tokens"]
    assert all((await let_in(mesh, second["accessToken"])).values())
    stolen = await refresh(http, first["refreshToken"], "owner")
    refused(stolen, 401)
    for token in (first["refreshToken"], second["refreshToken"]):
        refused(await refresh(http, token), 401)
    for token in (first["accessToken"], second["accessToken"]):
        await shut(mesh, token)


async def test_refresh_token_that_is_used_twice_at_once(
    rest: httpx.AsyncClient, http: httpx.AsyncClient, mesh: Mesh, victim: Victim
) -> None:
    user = await make_user(rest)
    first = await tokens(http, user)
    answers = await asyncio.gather(*(refresh(http, first["refreshToken"], f"r{n}") for n in range(8)))
    won = [answer.json()["tokens"] for answer in answers if answer.status_code == 200]
    assert len(won) <= 1
    for answer in answers:
        if answer.status_code != 200:
            refused(answer, 401, 409)
    for got in won:
        refused(await refresh(http, got["refreshToken"]), 401)
        await shut(mesh, got["accessToken"])


async def shut(mesh: Mesh, token: str) -> None:
    """Wait until no service lets a token in; fail where that takes longer than it may."""
    begun = time.monotonic()
    while any((opened := await let_in(mesh, token)).values()):
        assert time.monotonic() - begun < REVOKED_SECONDS, opened
        await asyncio.sleep(0.05)


Ending = Callable[[httpx.AsyncClient, httpx.AsyncClient, str, dict[str, Any]], Awaitable[Any]]


async def _revoked(rest: httpx.AsyncClient, http: httpx.AsyncClient, user: str, got: dict[str, Any]) -> None:
    await done(rest.post("/v1/sessions:revoke", json={"sessionId": got["sessionId"]}))


async def _all_revoked(rest: httpx.AsyncClient, http: httpx.AsyncClient, user: str, got: dict[str, Any]) -> None:
    await done(rest.post("/v1/sessions:revoke", json={"subjectId": user}))


async def _signed_out(rest: httpx.AsyncClient, http: httpx.AsyncClient, user: str, got: dict[str, Any]) -> None:
    headers = {"authorization": f"Bearer {got['accessToken']}"}
    await done(http.post("/v1/sessions:revoke", json={}, headers=headers))


async def _disabled(rest: httpx.AsyncClient, http: httpx.AsyncClient, user: str, got: dict[str, Any]) -> None:
    await done(rest.post(f"/v1/users/{user}:disable", json={}))


async def _deleted(rest: httpx.AsyncClient, http: httpx.AsyncClient, user: str, got: dict[str, Any]) -> None:
    await done(rest.delete(f"/v1/users/{user}"))


async def _password_set(rest: httpx.AsyncClient, http: httpx.AsyncClient, user: str, got: dict[str, Any]) -> None:
    await done(rest.post(f"/v1/users/{user}:setPassword", json={"password": OTHER}))


async def _password_changed(rest: httpx.AsyncClient, http: httpx.AsyncClient, user: str, got: dict[str, Any]) -> None:
    other = await tokens(http, user)
    headers = {"authorization": f"Bearer {other['accessToken']}"}
    body = {"oldPassword": PASSWORD, "newPassword": OTHER}
    await done(http.post("/v1/sessions:changePassword", json=body, headers=headers))


@pytest.mark.parametrize(
    "ending",
    [_revoked, _all_revoked, _signed_out, _disabled, _deleted, _password_set, _password_changed],
    ids=lambda ending: str(ending.__name__),
)
async def test_token_of_a_session_that_is_over(
    rest: httpx.AsyncClient, http: httpx.AsyncClient, mesh: Mesh, victim: Victim, ending: Ending
) -> None:
    """Within five seconds it opens no service any more, though it is signed and has not run out."""
    user = await make_user(rest)
    got = await tokens(http, user)
    assert all((await let_in(mesh, got["accessToken"])).values())
    await ending(rest, http, user, got)
    await shut(mesh, got["accessToken"])
    refused(await refresh(http, got["refreshToken"]), 401)


async def test_who_comes_back_is_not_who_was_there(
    rest: httpx.AsyncClient, http: httpx.AsyncClient, mesh: Mesh, victim: Victim
) -> None:
    """A token of a user that was deleted is none of another one that is given its name."""
    user = await make_user(rest)
    got = await tokens(http, user)
    await done(rest.delete(f"/v1/users/{user}"))
    made = await rest.post("/v1/users", json={"id": user, "details": {"allTenants": True}})
    if made.status_code == 200:
        await done(rest.post("/v1/roleAssignments", json={"roleId": "administrator", "subjectId": user}))
    else:
        refused(made, 409)
    await shut(mesh, got["accessToken"])
    refused(await refresh(http, got["refreshToken"]), 401)


async def test_permissions_that_are_taken_away(
    rest: httpx.AsyncClient, http: httpx.AsyncClient, mesh: Mesh, victim: Victim
) -> None:
    user = await make_user(rest, role="")
    body = {"roleId": "administrator", "subjectId": user}
    given = (await done(rest.post("/v1/roleAssignments", json=body)))["roleAssignment"]["id"]
    got = await tokens(http, user)
    headers = {"authorization": f"Bearer {got['accessToken']}"}
    assert (await http.get("/v1/processInstances", headers=headers)).status_code == 200
    await done(rest.delete(f"/v1/roleAssignments/{given}"))
    begun = time.monotonic()
    for path in ("/v1/processInstances", "/v1/history/tasks", "/v1/users", "/v1/system/topics"):
        while (await http.get(path, headers=headers)).status_code != 403:
            assert time.monotonic() - begun < REVOKED_SECONDS, path
            await asyncio.sleep(0.05)


async def test_session_that_somebody_else_chose(
    rest: httpx.AsyncClient, http: httpx.AsyncClient, victim: Victim
) -> None:
    """Whatever comes with it, signing in begins a session of its own, and leaves nothing in a browser."""
    mallory, user = await make_user(rest), await make_user(rest)
    chosen = await tokens(http, mallory)
    sid = chosen["sessionId"]
    for headers in (
        {"authorization": f"Bearer {chosen['accessToken']}"},
        {"cookie": f"session={sid}; sid={sid}; access_token={chosen['accessToken']}"},
        {"x-flowmesh-sub": "cli", "x-flowmesh-session": sid},
    ):
        answer = await http.post("/v1/sessions:login", json={"user": user, "password": PASSWORD}, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.json()["tokens"]["sessionId"] != sid
        assert answer.json()["tokens"]["subjectId"] == user
        assert "set-cookie" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"
    named = {"user": user, "password": PASSWORD, "sessionId": sid}
    refused(await http.post("/v1/sessions:login", json=named), 400)
    for place in (
        {"params": {"access_token": chosen["accessToken"]}},
        {"params": {"authorization": f"Bearer {chosen['accessToken']}"}},
        {"headers": {"cookie": f"authorization=Bearer {chosen['accessToken']}"}},
        {"headers": {"x-access-token": chosen["accessToken"]}},
    ):
        refused(await http.get("/v1/processInstances", **place), 401)


async def test_session_of_somebody_else(rest: httpx.AsyncClient, http: httpx.AsyncClient, victim: Victim) -> None:
    """Who may not may neither see nor end it, and cannot tell it from one that never was."""
    user, mallory = await make_user(rest), await make_user(rest, role="worker")
    theirs, got = await tokens(http, user), await tokens(http, mallory)
    headers = {"authorization": f"Bearer {got['accessToken']}"}
    ending = await http.post("/v1/sessions:revoke", json={"sessionId": theirs["sessionId"]}, headers=headers)
    never = await http.post("/v1/sessions:revoke", json={"sessionId": "x" * 36}, headers=headers)
    refused(ending, 403, 404)
    assert ending.text.replace(theirs["sessionId"], "x" * 36) == never.text
    listed = await http.get("/v1/sessions", params={"subjectId": user}, headers=headers)
    assert listed.status_code in (403, 404) or not listed.json()["sessions"]
    assert theirs["sessionId"] not in listed.text
    for method, path in (("POST", f"/v1/users/{user}:setPassword"), ("DELETE", f"/v1/users/{user}")):
        body = {"json": {"password": OTHER}} if method == "POST" else {}
        refused(await http.request(method, path, headers=headers, **body), 403)


async def test_guessing_api_keys(rest: httpx.AsyncClient, http: httpx.AsyncClient, mesh: Mesh, victim: Victim) -> None:
    account = new_name("robot")
    await done(rest.post("/v1/serviceAccounts", json={"id": account, "details": {"allTenants": True}}))
    made = await done(rest.post(f"/v1/serviceAccounts/{account}/apiKeys", json={"displayName": "k"}))
    key = next(value for value in _texts(made) if value.startswith("fmk_"))
    head, _, secret = key.rpartition("_")
    exchanged = (await done(http.post("/v1/sessions:exchangeApiKey", json={"apiKey": key})))["tokens"]
    assert not exchanged.get("refreshToken")
    guesses = [
        f"{head}_{'A' * len(secret)}",
        f"{head}_{secret[:-1]}",
        f"{head}_{secret}x",
        f"{head}_{secret.swapcase()}",
        f"{head}_",
        f"fmk_{'0' * 32}_{secret}",
        f"fmk__{secret}",
        secret,
        f"{key}\x00",
        f" {key}",
        "' OR 1=1 --",
        "fmk_%_%",
        "x" * 255,
    ]
    said = set()
    for guess in guesses:
        answer = await http.post("/v1/sessions:exchangeApiKey", json={"apiKey": guess})
        refused(answer, 401)
        said.add(told(answer))
    assert len(said) == 1, said
    # The key is shown once, and what is kept of it is no key.
    listed = await rest.get(f"/v1/serviceAccounts/{account}/apiKeys")
    assert secret not in listed.text
    await done(rest.post(f"{listed.request.url.path}/{listed.json()['apiKeys'][0]['id']}:revoke", json={}))
    refused(await http.post("/v1/sessions:exchangeApiKey", json={"apiKey": key}), 401)
    await shut(mesh, exchanged["accessToken"])


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return [value] if isinstance(value, str) else []
