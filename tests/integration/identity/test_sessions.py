"""Signing in and out: sessions, refresh, revocation, the bootstrap of the first administrator."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import jwt
import pytest
from flowmesh.identity.v1 import audit_service_pb2, user_service_pb2
from flowmesh.identity.v1.session_service_pb2 import (
    BootstrapRequest,
    GetKeySetRequest,
    ListSessionsRequest,
    LoginRequest,
    RefreshRequest,
    RevokeRequest,
    Session,
    Tokens,
)

from mesh.clock import ControlledClock
from mesh.db.statements import Fetch, fetch
from mesh.startup import StartupError
from tests.integration.identity.signed_in import (
    PASSWORD,
    PATIENCE_SECONDS,
    ROOT,
    Identity,
    failure,
    migrated,
    refused,
    running,
    start,
)

REVOKED_WITHIN_SECONDS = 5.0


@pytest.fixture
async def tables(database_url: str) -> str:
    return await migrated(database_url)


@pytest.fixture
async def identity(tables: str, tmp_path: Path) -> AsyncIterator[Identity]:
    """A process with the administrator `root`."""
    async with running(tables, tmp_path) as started:
        await started.bootstrap()
        yield started


async def _claims(identity: Identity, token: str) -> dict[str, object]:
    answer = await identity.client().GetKeySet(GetKeySetRequest())
    assert answer.content_type == "application/json"
    header = jwt.get_unverified_header(token)
    assert header["alg"] == "RS256"
    assert header["typ"] == "at+jwt"
    key = jwt.PyJWKSet.from_json(answer.data.decode())[header["kid"]]
    claims: dict[str, object] = jwt.decode(token, key, algorithms=["RS256"], audience="flowmesh", issuer="flowmesh")
    return claims


class TestBootstrap:
    async def test_makes_the_first_administrator_and_works_once(self, tables: str, tmp_path: Path) -> None:
        async with running(tables, tmp_path) as identity:
            tokens = await identity.bootstrap()
            access = (await identity.client(tokens.access_token).GetOwnAccess(_own_access())).access
            assert access.subject_id == ROOT
            assert access.all_tenants
            assert [list(grant.permissions) for grant in access.grants] == [["*"]]
            again = BootstrapRequest(bootstrap_token=identity.bootstrap_token, user_id="eve", password=PASSWORD)
            assert await refused(identity.client().Bootstrap(again)) == "BOOTSTRAP_DONE"
            assert (await identity.login(ROOT)).subject_id == ROOT

    async def test_refuses_another_token_and_a_weak_password(self, tables: str, tmp_path: Path) -> None:
        async with running(tables, tmp_path) as identity:
            for token in ("fmb_x", identity.bootstrap_token[:-1], identity.bootstrap_token + "x"):
                wrong = BootstrapRequest(bootstrap_token=token, user_id="eve", password=PASSWORD)
                assert await refused(identity.client().Bootstrap(wrong)) == "CREDENTIALS_INVALID"
            weak = BootstrapRequest(bootstrap_token=identity.bootstrap_token, user_id="eve", password="password1234")
            assert await refused(identity.client().Bootstrap(weak)) == "PASSWORD_TOO_WEAK"
            await identity.bootstrap()

    async def test_two_at_once_make_one_administrator(self, tables: str, tmp_path: Path) -> None:
        async with running(tables, tmp_path) as one, running(tables, tmp_path) as other:
            assert one.bootstrap_token == other.bootstrap_token
            answers = await asyncio.gather(
                *(
                    each.client().Bootstrap(
                        BootstrapRequest(bootstrap_token=one.bootstrap_token, user_id=f"root-{n}", password=PASSWORD)
                    )
                    for n, each in enumerate((one, other, one, other))
                ),
                return_exceptions=True,
            )
            assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
            assert await one.database.read(fetch(Fetch("SELECT COUNT(*) FROM subject"))) == [(1,)]

    async def test_token_is_told_again_until_it_is_used_and_its_file_is_private(
        self, tables: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "token"
        async with running(tables, tmp_path, bootstrap_token_file=file) as identity:
            # It is told in one place: the file, or else the log.
            assert identity.bootstrap_token == ""
        first = file.read_text().strip()
        assert first.startswith("fmb_")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        async with running(tables, tmp_path, bootstrap_token_file=file) as identity:
            assert file.read_text().strip() == first
            identity.bootstrap_token = first
            await identity.bootstrap()
        assert not file.exists()
        async with running(tables, tmp_path, bootstrap_token_file=file) as identity:
            assert identity.bootstrap_token == ""
        assert not file.exists()

    async def test_another_secret_than_before_is_refused_at_the_start(self, tables: str, tmp_path: Path) -> None:
        async with running(tables, tmp_path):
            pass
        with pytest.raises(StartupError, match="FLOWMESH_IDENTITY_KEY_ENCRYPTION_SECRET"):
            await start(tables, tmp_path, key_encryption_secret="another-secret-" * 4)


def _own_access() -> object:
    from flowmesh.identity.v1.access_service_pb2 import GetOwnAccessRequest

    return GetOwnAccessRequest()


class TestLogin:
    async def test_gives_tokens_of_rfc_9068(self, identity: Identity) -> None:
        tokens = await identity.login(ROOT)
        claims = await _claims(identity, tokens.access_token)
        assert set(claims) == {"iss", "aud", "sub", "sid", "jti", "iat", "exp", "kind"}
        assert claims["kind"] == "user"
        assert claims["sub"] == ROOT
        assert claims["sid"] == tokens.session_id
        assert int(str(claims["exp"])) - int(str(claims["iat"])) == 600
        assert tokens.access_expire_time.seconds == claims["exp"]
        assert tokens.refresh_expire_time.seconds > tokens.access_expire_time.seconds

    async def test_by_address_in_any_case(self, identity: Identity) -> None:
        await identity.add_user("ann", email="Ann@Example.com")
        assert (await identity.login("ann@eXample.COM")).subject_id == "ann"
        assert await refused(identity.login("ANN")) == "CREDENTIALS_INVALID"

    async def test_says_the_same_whatever_is_wrong(self, identity: Identity) -> None:
        await identity.add_user("ann")
        await identity.add_user("gone")
        await identity.add_user("nothing-yet", password="")
        root = await identity.root()
        await root.DisableUser(user_service_pb2.DisableUserRequest(id="gone"))
        errors = [
            await failure(identity.login(user, password))
            for user, password in (
                ("nobody", PASSWORD),
                ("ann", "wrong"),
                ("gone", PASSWORD),
                ("gone", "wrong"),
                ("nothing-yet", "wrong"),
                ("", "") if False else ("nobody@example.com", "x"),
            )
        ]
        assert {(error.code(), error.details()) for error in errors} == {
            (grpc.StatusCode.UNAUTHENTICATED, errors[0].details())
        }

    async def test_is_in_the_audit_log(self, identity: Identity) -> None:
        tokens = await identity.login(ROOT)
        root = identity.client(tokens.access_token)
        listed = await root.ListAuditEntries(audit_service_pb2.ListAuditEntriesRequest(action="sessions.create"))
        assert tokens.session_id in [entry.resource_id for entry in listed.audit_entries]
        assert not [entry for entry in listed.audit_entries if PASSWORD in str(entry)]

    async def test_stores_neither_passwords_nor_tokens(self, identity: Identity) -> None:
        tokens = await identity.login(ROOT)
        for table in ("password_credential", "refresh_token", "session", "audit_entry", "outbox", "request_record"):
            rows = await identity.database.read(fetch(Fetch(f"SELECT * FROM {table}")))
            for secret in (PASSWORD, tokens.refresh_token, tokens.access_token):
                assert secret not in str(rows)


class TestRefresh:
    async def _refresh(self, identity: Identity, token: str, request_id: str = "") -> Tokens:
        answer = await identity.client().Refresh(RefreshRequest(refresh_token=token, request_id=request_id))
        tokens: Tokens = answer.tokens
        return tokens

    async def test_gives_new_tokens_of_the_same_session(self, identity: Identity) -> None:
        first = await identity.login(ROOT)
        second = await self._refresh(identity, first.refresh_token)
        assert second.session_id == first.session_id
        assert second.refresh_token != first.refresh_token
        assert (await _claims(identity, second.access_token))["sub"] == ROOT
        third = await self._refresh(identity, second.refresh_token)
        assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3

    async def test_reuse_ends_the_whole_session(self, identity: Identity) -> None:
        first = await identity.login(ROOT)
        second = await self._refresh(identity, first.refresh_token, "one")
        third = await self._refresh(identity, second.refresh_token, "two")
        assert await refused(self._refresh(identity, first.refresh_token, "three")) == "CREDENTIALS_INVALID"
        assert await refused(self._refresh(identity, third.refresh_token, "four")) == "CREDENTIALS_INVALID"
        await _await_refusal(identity, third.access_token)
        rows = await identity.database.read(fetch(Fetch("SELECT end_reason FROM session WHERE ended_at IS NOT NULL")))
        assert rows == [(2,)]

    async def test_the_same_request_gets_the_same_answer(self, identity: Identity) -> None:
        first = await identity.login(ROOT)
        answers = [await self._refresh(identity, first.refresh_token, "same") for _ in range(3)]
        assert [answer.SerializeToString() for answer in answers] == [answers[0].SerializeToString()] * 3
        await self._refresh(identity, answers[0].refresh_token, "next")

    async def test_not_once_its_answer_was_used(self, identity: Identity) -> None:
        first = await identity.login(ROOT)
        second = await self._refresh(identity, first.refresh_token, "same")
        third = await self._refresh(identity, second.refresh_token, "next")
        assert await refused(self._refresh(identity, first.refresh_token, "same")) == "CREDENTIALS_INVALID"
        assert await refused(self._refresh(identity, third.refresh_token)) == "CREDENTIALS_INVALID"

    async def test_without_a_request_id_there_is_no_second_time(self, identity: Identity) -> None:
        first = await identity.login(ROOT)
        second = await self._refresh(identity, first.refresh_token)
        assert await refused(self._refresh(identity, first.refresh_token)) == "CREDENTIALS_INVALID"
        assert await refused(self._refresh(identity, second.refresh_token)) == "CREDENTIALS_INVALID"

    async def test_grace_ends(self, tables: str, tmp_path: Path) -> None:
        clock = ControlledClock()
        async with running(tables, tmp_path, clock, refresh_grace_seconds=10.0) as identity:
            first = await identity.bootstrap()
            now = clock.now_micros()
            clock.turn_to(now)
            await self._refresh(identity, first.refresh_token, "same")
            clock.turn_to(now + 9_000_000)
            second = await self._refresh(identity, first.refresh_token, "same")
            clock.turn_to(now + 11_000_000)
            assert await refused(self._refresh(identity, first.refresh_token, "same")) == "CREDENTIALS_INVALID"
            assert await refused(self._refresh(identity, second.refresh_token)) == "CREDENTIALS_INVALID"

    async def test_of_two_at_once_one_wins_and_the_session_ends(self, tables: str, tmp_path: Path) -> None:
        async with running(tables, tmp_path) as one, running(tables, tmp_path) as other:
            first = await one.bootstrap()
            answers = await asyncio.gather(
                *(self._refresh(each, first.refresh_token, f"request-{n}") for n, each in enumerate((one, other) * 3)),
                return_exceptions=True,
            )
            won = [answer for answer in answers if isinstance(answer, Tokens)]
            assert len(won) == 1
            assert await refused(self._refresh(one, won[0].refresh_token)) == "CREDENTIALS_INVALID"

    async def test_the_same_request_at_once_gets_one_answer(self, tables: str, tmp_path: Path) -> None:
        async with running(tables, tmp_path) as one, running(tables, tmp_path) as other:
            first = await one.bootstrap()
            answers = await asyncio.gather(
                *(self._refresh(each, first.refresh_token, "same") for each in (one, other) * 3)
            )
            assert len({answer.SerializeToString() for answer in answers}) == 1
            await self._refresh(other, answers[0].refresh_token)

    async def test_sessions_run_out(self, tables: str, tmp_path: Path) -> None:
        clock = ControlledClock()
        async with running(
            tables, tmp_path, clock, session_idle_seconds=100.0, session_longest_seconds=250.0
        ) as identity:
            tokens = await identity.bootstrap()
            now = clock.now_micros()
            for seconds in (90, 180, 245):
                clock.turn_to(now + seconds * 1_000_000)
                tokens = await self._refresh(identity, tokens.refresh_token)
            clock.turn_to(now + 251 * 1_000_000)
            assert await refused(self._refresh(identity, tokens.refresh_token)) == "CREDENTIALS_INVALID"
            idle = await identity.login(ROOT)
            clock.turn_to(now + 352 * 1_000_000)
            assert await refused(self._refresh(identity, idle.refresh_token)) == "CREDENTIALS_INVALID"

    async def test_not_for_who_was_disabled(self, identity: Identity) -> None:
        await identity.add_user("ann")
        ann = await identity.login("ann")
        root = await identity.root()
        await root.DisableUser(user_service_pb2.DisableUserRequest(id="ann"))
        assert await refused(self._refresh(identity, ann.refresh_token)) == "CREDENTIALS_INVALID"
        await root.EnableUser(user_service_pb2.EnableUserRequest(id="ann"))
        # What was ended stays so.
        assert await refused(self._refresh(identity, ann.refresh_token)) == "CREDENTIALS_INVALID"
        await identity.login("ann")

    async def test_a_token_nobody_had_ends_nothing(self, identity: Identity) -> None:
        tokens = await identity.login(ROOT)
        assert await refused(self._refresh(identity, "fmr_" + "x" * 43)) == "CREDENTIALS_INVALID"
        assert await refused(self._refresh(identity, tokens.access_token[:255])) == "CREDENTIALS_INVALID"
        await self._refresh(identity, tokens.refresh_token)


async def _await_refusal(identity: Identity, token: str, seconds: float = REVOKED_WITHIN_SECONDS) -> str:
    """Wait until a token is refused; return why."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                await identity.client(token).ListSessions(ListSessionsRequest())
            except grpc.aio.AioRpcError as error:
                assert error.code() is grpc.StatusCode.UNAUTHENTICATED
                return error.details() or ""
            await asyncio.sleep(0.02)


class TestRevoke:
    async def test_own_session_is_over_everywhere_within_seconds(self, tables: str, tmp_path: Path) -> None:
        async with running(tables, tmp_path) as one, running(tables, tmp_path) as other:
            tokens = await one.bootstrap()
            kept = await one.login(ROOT)
            await other.client(tokens.access_token).ListSessions(ListSessionsRequest())
            answer = await one.client(tokens.access_token).Revoke(RevokeRequest())
            assert answer.revoked_sessions == 1
            assert "session" in await _await_refusal(other, tokens.access_token)
            await _await_refusal(one, tokens.access_token)
            await one.client(kept.access_token).ListSessions(ListSessionsRequest())
            refresh = RefreshRequest(refresh_token=tokens.refresh_token)
            assert await refused(other.client().Refresh(refresh)) == "CREDENTIALS_INVALID"

    async def test_a_process_that_starts_later_knows_what_is_revoked(self, tables: str, tmp_path: Path) -> None:
        async with running(tables, tmp_path) as identity:
            tokens = await identity.bootstrap()
            await identity.client(tokens.access_token).Revoke(RevokeRequest())
        async with running(tables, tmp_path) as identity:
            listing = identity.client(tokens.access_token).ListSessions(ListSessionsRequest())
            assert await refused(listing) == "SESSION_REVOKED"

    async def test_of_others_needs_the_permission(self, identity: Identity) -> None:
        await identity.add_user("ann")
        ann, root = await identity.login("ann"), await identity.login(ROOT)
        as_ann = identity.client(ann.access_token)
        # What is somebody else's does not exist, whether it does or not.
        stolen = await failure(as_ann.Revoke(RevokeRequest(session_id=root.session_id)))
        never = await failure(as_ann.Revoke(RevokeRequest(session_id="0" * 36)))
        assert stolen.code() is never.code() is grpc.StatusCode.NOT_FOUND
        assert str(stolen.details()).replace(root.session_id, "") == str(never.details()).replace("0" * 36, "")
        assert await refused(as_ann.Revoke(RevokeRequest(subject_id=ROOT))) == "ACCESS_DENIED"
        as_root = identity.client(root.access_token)
        assert (await as_root.Revoke(RevokeRequest(session_id=ann.session_id))).revoked_sessions == 1
        assert (await as_root.Revoke(RevokeRequest(session_id=ann.session_id))).revoked_sessions == 0
        await _await_refusal(identity, ann.access_token)

    async def test_all_of_a_subject(self, identity: Identity) -> None:
        await identity.add_user("ann")
        sessions = [await identity.login("ann") for _ in range(3)]
        as_ann = identity.client(sessions[0].access_token)
        assert (await as_ann.Revoke(RevokeRequest(subject_id="ann"))).revoked_sessions == 3
        for tokens in sessions:
            await _await_refusal(identity, tokens.access_token)

    async def test_deleting_a_user_ends_its_sessions_and_forgets_its_password(self, identity: Identity) -> None:
        await identity.add_user("ann")
        tokens = await identity.login("ann")
        root = await identity.root()
        await root.DeleteUser(user_service_pb2.DeleteUserRequest(id="ann"))
        await _await_refusal(identity, tokens.access_token)
        rows = await identity.database.read(
            fetch(Fetch("SELECT subject_id FROM password_credential WHERE subject_id='ann'"))
        )
        assert rows == []
        assert await refused(identity.login("ann")) == "CREDENTIALS_INVALID"


class TestListSessions:
    async def test_own_ones_in_pages_the_latest_first(self, identity: Identity) -> None:
        await identity.add_user("ann")
        begun = [(await identity.login("ann")) for _ in range(5)]
        as_ann = identity.client(begun[0].access_token)
        await as_ann.Revoke(RevokeRequest(session_id=begun[2].session_id))
        found: list[Session] = []
        token = ""
        while True:
            page = await as_ann.ListSessions(ListSessionsRequest(page_size=2, page_token=token))
            found += page.sessions
            token = page.next_page_token
            if not token:
                break
        assert [one.id for one in found] == [begun[n].session_id for n in (4, 3, 1, 0)]
        assert {one.origin for one in found} == {Session.ORIGIN_PASSWORD}
        assert await refused(as_ann.ListSessions(ListSessionsRequest(subject_id=ROOT))) == "ACCESS_DENIED"
        root = await identity.root()
        assert len((await root.ListSessions(ListSessionsRequest(subject_id="ann"))).sessions) == 4


class TestRetention:
    async def test_forgets_what_is_over(self, tables: str, tmp_path: Path) -> None:
        from identity_svc.storage.sessions import prune_refresh_tokens, prune_sessions

        clock = ControlledClock()
        async with running(tables, tmp_path, clock, session_idle_seconds=1000.0) as identity:
            tokens = await identity.bootstrap()
            kept = await identity.login(ROOT)
            now = clock.now_micros()
            clock.turn_to(now)
            tokens = (await identity.client().Refresh(RefreshRequest(refresh_token=tokens.refresh_token))).tokens
            database = identity.database
            assert await database.write(prune_refresh_tokens(now)) == 0
            assert await database.write(prune_refresh_tokens(now + 1)) == 1
            await identity.client().Refresh(RefreshRequest(refresh_token=kept.refresh_token))
            assert await database.write(prune_sessions(now + 999 * 1_000_000)) == 0
            assert await database.write(prune_sessions(now + 1_001 * 1_000_000)) == 2
            for table in ("session", "refresh_token"):
                assert await database.read(fetch(Fetch(f"SELECT * FROM {table}"))) == []


async def test_login_of_many_at_once_is_bounded(tables: str, tmp_path: Path) -> None:
    async with running(tables, tmp_path, password_hash_threads=1, password_hash_waiting=3) as identity:
        await identity.bootstrap()
        request = LoginRequest(user=ROOT, password=PASSWORD)
        answers = await asyncio.gather(*(identity.client().Login(request) for _ in range(40)), return_exceptions=True)
        refusals = [answer for answer in answers if isinstance(answer, grpc.aio.AioRpcError)]
        assert {error.code() for error in refusals} <= {grpc.StatusCode.RESOURCE_EXHAUSTED}
        assert len(answers) - len(refusals) >= 4
        async with asyncio.timeout(PATIENCE_SECONDS):
            await identity.login(ROOT)
