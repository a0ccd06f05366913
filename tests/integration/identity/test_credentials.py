"""Passwords and API keys: who may give them, what they are worth, and when they end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from flowmesh.identity.v1 import role_assignment_service_pb2, service_account_service_pb2, tenant_service_pb2
from flowmesh.identity.v1.credential_service_pb2 import (
    CreateApiKeyRequest,
    CreateApiKeyResponse,
    ListApiKeysRequest,
    RevokeApiKeyRequest,
    SetPasswordRequest,
)
from flowmesh.identity.v1.session_service_pb2 import (
    ChangePasswordRequest,
    ExchangeApiKeyRequest,
    ListSessionsRequest,
    Session,
    Tokens,
)
from google.protobuf.timestamp_pb2 import Timestamp

from mesh.clock import ControlledClock
from mesh.db.statements import Fetch, fetch
from mesh.status import reason_of
from tests.integration.identity.signed_in import (
    PASSWORD,
    ROOT,
    Client,
    Identity,
    failure,
    metadata_of,
    migrated,
    refused,
    running,
)

NEW_PASSWORD = "meadow kettle rides"


@pytest.fixture
async def tables(database_url: str) -> str:
    return await migrated(database_url)


@pytest.fixture
async def identity(tables: str, tmp_path: Path) -> AsyncIterator[Identity]:
    async with running(tables, tmp_path) as started:
        await started.bootstrap()
        yield started


async def _assign(root: Client, subject_id: str, role: str, tenants: tuple[str, ...] = ()) -> None:
    assignment = role_assignment_service_pb2.CreateRoleAssignmentRequest(role_id=role, subject_id=subject_id)
    if tenants:
        assignment.narrowing.tenant_ids.extend(tenants)
    await root.CreateRoleAssignment(assignment)


async def _tenant_administrator(identity: Identity) -> Client:
    """Somebody who may do everything in the tenant `acme`."""
    root = await identity.root()
    for tenant in ("acme", "other"):
        await root.CreateTenant(tenant_service_pb2.CreateTenantRequest(id=tenant))
    await identity.add_user("boss", tenant_ids=["acme"])
    await _assign(root, "boss", "administrator")
    return identity.client((await identity.login("boss")).access_token)


async def _works(identity: Identity, tokens: Tokens) -> bool:
    try:
        await identity.client(tokens.access_token).ListSessions(ListSessionsRequest())
    except grpc.aio.AioRpcError as error:
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        return False
    return True


async def _ends(identity: Identity, tokens: Tokens) -> None:
    async with asyncio.timeout(5):
        while await _works(identity, tokens):
            await asyncio.sleep(0.02)


class TestPasswords:
    async def test_change_ends_other_sessions(self, identity: Identity) -> None:
        await identity.add_user("ann")
        own, other = await identity.login("ann"), await identity.login("ann")
        change = ChangePasswordRequest(old_password=PASSWORD, new_password=NEW_PASSWORD)
        await identity.client(own.access_token).ChangePassword(change)
        await _ends(identity, other)
        assert await _works(identity, own)
        assert await refused(identity.login("ann")) == "CREDENTIALS_INVALID"
        await identity.login("ann", NEW_PASSWORD)

    async def test_set_ends_all_sessions(self, identity: Identity) -> None:
        await identity.add_user("ann")
        ann = await identity.login("ann")
        root = await identity.root()
        for _ in range(2):
            await root.SetPassword(SetPasswordRequest(user_id="ann", password=NEW_PASSWORD))
        await _ends(identity, ann)
        await identity.login("ann", NEW_PASSWORD)

    @pytest.mark.parametrize(
        ("password", "says"),
        [
            ("short-one-x", "12 characters"),
            ("password1234", "guessed first"),
            ("my ann-marie is here", "id of the user"),
        ],
    )
    async def test_weak_ones_are_refused_by_name_of_the_field(
        self, identity: Identity, password: str, says: str
    ) -> None:
        await identity.add_user("ann-marie")
        ann = identity.client((await identity.login("ann-marie")).access_token)
        root = await identity.root()
        for call in (
            ann.ChangePassword(ChangePasswordRequest(old_password=PASSWORD, new_password=password)),
            root.SetPassword(SetPasswordRequest(user_id="ann-marie", password=password)),
        ):
            error = await failure(call)
            assert reason_of(error) == "PASSWORD_TOO_WEAK"
            assert says in str(error.details())
            assert password not in str(error.details())
        await identity.login("ann-marie")

    async def test_nobody_takes_over_who_may_do_more(self, identity: Identity) -> None:
        boss = await _tenant_administrator(identity)
        await identity.add_user("member", tenant_ids=["acme"])
        await identity.add_user("elsewhere", tenant_ids=["other"])
        await identity.add_user("both", tenant_ids=["acme", "other"])
        await boss.SetPassword(SetPasswordRequest(user_id="member", password=NEW_PASSWORD))
        for user in ("elsewhere", "never-was"):
            error = await failure(boss.SetPassword(SetPasswordRequest(user_id=user, password=NEW_PASSWORD)))
            assert reason_of(error) == "USER_NOT_FOUND"
        refusals = {
            user: await refused(boss.SetPassword(SetPasswordRequest(user_id=user, password=NEW_PASSWORD)))
            for user in (ROOT, "both")
        }
        assert refusals["both"] == "ACCESS_DENIED"
        assert refusals[ROOT] in {"USER_NOT_FOUND", "ACCESS_DENIED"}
        # One who may do less in the same tenant.
        root = await identity.root()
        await _assign(root, "member", "operator")
        member = identity.client((await identity.login("member", NEW_PASSWORD)).access_token)
        assert await refused(member.SetPassword(SetPasswordRequest(user_id="boss", password=PASSWORD))) == (
            "ACCESS_DENIED"
        )

    async def test_grants_that_the_caller_lacks_are_named(self, identity: Identity) -> None:
        from flowmesh.identity.v1 import access_service_pb2, role_service_pb2

        root = await identity.root()
        await root.CreateRole(
            role_service_pb2.CreateRoleRequest(
                id="helpdesk",
                details=role_service_pb2.RoleDetails(
                    grants=[access_service_pb2.Grant(permissions=["users.setPassword", "apiKeys.create"])]
                ),
            )
        )
        await identity.add_user("desk")
        await identity.add_user("plain")
        await identity.add_user("strong")
        await _assign(root, "desk", "helpdesk")
        await _assign(root, "strong", "operator")
        desk = identity.client((await identity.login("desk")).access_token)
        await desk.SetPassword(SetPasswordRequest(user_id="plain", password=NEW_PASSWORD))
        error = await failure(desk.SetPassword(SetPasswordRequest(user_id="strong", password=NEW_PASSWORD)))
        assert reason_of(error) == "GRANT_NOT_HELD"
        assert metadata_of(error)["permissions"]
        await identity.add_account("robot")
        await _assign(root, "robot", "operator")
        assert await refused(desk.CreateApiKey(CreateApiKeyRequest(service_account_id="robot"))) == "GRANT_NOT_HELD"


async def _key(identity: Identity, account: str = "robot", **fields: Any) -> CreateApiKeyResponse:
    answer: CreateApiKeyResponse = await (await identity.root()).CreateApiKey(
        CreateApiKeyRequest(service_account_id=account, **fields)
    )
    return answer


async def _exchange(identity: Identity, secret: str) -> Tokens:
    tokens: Tokens = (await identity.client().ExchangeApiKey(ExchangeApiKeyRequest(api_key=secret))).tokens
    return tokens


class TestApiKeys:
    async def test_sign_in_without_a_refresh_token(self, identity: Identity) -> None:
        await identity.add_account("robot")
        made = await _key(identity, display_name="for the nightly run")
        assert made.secret.startswith(f"fmk_{made.api_key.id}_")
        tokens = await _exchange(identity, made.secret)
        assert tokens.subject_id == "robot"
        assert not tokens.refresh_token
        listed = await identity.client(tokens.access_token).ListSessions(ListSessionsRequest())
        assert [session.origin for session in listed.sessions] == [Session.ORIGIN_API_KEY]

    async def test_are_kept_as_hashes(self, identity: Identity) -> None:
        await identity.add_account("robot")
        secret = (await _key(identity, request_id="a")).secret
        for table in ("api_key", "request_record", "audit_entry", "outbox"):
            rows = await identity.database.read(fetch(Fetch(f"SELECT * FROM {table}")))
            assert secret.rpartition("_")[2] not in str(rows)

    async def test_what_is_nearly_right_is_refused(self, identity: Identity) -> None:
        await identity.add_account("robot")
        secret = (await _key(identity)).secret
        other = (await _key(identity)).secret
        mixed = "_".join((*secret.split("_")[:2], other.split("_", 2)[2]))
        for wrong in ("x", "fmk_", "fmk__", secret[:-1], secret + "x", mixed, secret.upper(), "fmk_" + "0" * 36 + "_x"):
            assert await refused(_exchange(identity, wrong)) == "CREDENTIALS_INVALID"
        await _exchange(identity, secret)

    async def test_the_same_request_makes_one_key(self, tables: str, tmp_path: Path) -> None:
        async with running(tables, tmp_path) as one, running(tables, tmp_path) as other:
            await one.bootstrap()
            await one.add_account("robot")
            answers = await asyncio.gather(
                *(_key(each, request_id="a", display_name="n") for each in (one, other, one, other))
            )
            assert len({answer.SerializeToString(deterministic=True) for answer in answers}) == 1
            assert await refused(_key(one, request_id="a", display_name="m")) == "REQUEST_ID_REUSED"
            key_id = answers[0].api_key.id
            root = await one.root()
            await root.RevokeApiKey(RevokeApiKeyRequest(service_account_id="robot", id=key_id))
            # It does not come back.
            assert await refused(_key(other, request_id="a", display_name="n")) == "API_KEY_NOT_FOUND"
            assert await refused(_exchange(one, answers[0].secret)) == "CREDENTIALS_INVALID"

    async def test_revoking_ends_its_sessions_and_no_others(self, identity: Identity) -> None:
        await identity.add_account("robot")
        made, kept = await _key(identity), await _key(identity)
        ended = [await _exchange(identity, made.secret) for _ in range(2)]
        other = await _exchange(identity, kept.secret)
        root = await identity.root()
        revoke = RevokeApiKeyRequest(service_account_id="robot", id=made.api_key.id)
        assert (await root.RevokeApiKey(revoke)).revoked_sessions == 2
        assert (await root.RevokeApiKey(revoke)).revoked_sessions == 0
        for tokens in ended:
            await _ends(identity, tokens)
        assert await _works(identity, other)
        assert await refused(_exchange(identity, made.secret)) == "CREDENTIALS_INVALID"
        listed = await root.ListApiKeys(ListApiKeysRequest(service_account_id="robot"))
        assert [key.id for key in listed.api_keys] == [kept.api_key.id]
        other_account = RevokeApiKeyRequest(service_account_id="nobody", id=kept.api_key.id)
        assert await refused(root.RevokeApiKey(other_account)) == "SERVICE_ACCOUNT_NOT_FOUND"

    async def test_run_out(self, tables: str, tmp_path: Path) -> None:
        clock = ControlledClock()
        now = clock.now_micros() // 1_000_000
        async with running(tables, tmp_path, clock) as identity:
            await identity.bootstrap()
            await identity.add_account("robot")
            error = await failure(_key(identity, expire_time=Timestamp(seconds=now - 1)))
            assert reason_of(error) == "FIELD_INVALID"
            assert "expire_time" in str(error.details())
            made = await _key(identity, expire_time=Timestamp(seconds=now + 100))
            clock.turn_to((now + 99) * 1_000_000)
            await _exchange(identity, made.secret)
            clock.turn_to((now + 100) * 1_000_000)
            assert await refused(_exchange(identity, made.secret)) == "CREDENTIALS_INVALID"

    async def test_last_use_is_noted_in_batches(self, identity: Identity) -> None:
        await identity.add_account("robot")
        used, unused = await _key(identity), await _key(identity)
        await _exchange(identity, used.secret)
        root = await identity.root()

        async def uses() -> dict[str, bool]:
            listed = await root.ListApiKeys(ListApiKeysRequest(service_account_id="robot"))
            return {key.id: key.HasField("last_use_time") for key in listed.api_keys}

        assert await uses() == {used.api_key.id: False, unused.api_key.id: False}
        await identity.service._signing_in._upkeep._uses.store_uses()
        assert await uses() == {used.api_key.id: True, unused.api_key.id: False}

    async def test_in_pages_and_not_too_many(self, identity: Identity) -> None:
        await identity.add_account("robot")
        root = await identity.root()
        made = [
            (await root.CreateApiKey(CreateApiKeyRequest(service_account_id="robot"))).api_key.id for _ in range(100)
        ]
        found: list[str] = []
        token = ""
        while True:
            page = await root.ListApiKeys(
                ListApiKeysRequest(service_account_id="robot", page_size=30, page_token=token)
            )
            found += [key.id for key in page.api_keys]
            token = page.next_page_token
            if not token:
                break
        assert found == made
        assert await refused(root.CreateApiKey(CreateApiKeyRequest(service_account_id="robot"))) == "API_KEYS_TOO_MANY"

    async def test_not_of_users_and_not_of_others_tenants(self, identity: Identity) -> None:
        boss = await _tenant_administrator(identity)
        await identity.add_account("robot", tenant_ids=["other"])
        await identity.add_account("own", tenant_ids=["acme"])
        root = await identity.root()
        assert await refused(root.CreateApiKey(CreateApiKeyRequest(service_account_id=ROOT))) == (
            "SERVICE_ACCOUNT_NOT_FOUND"
        )
        for call in (
            boss.CreateApiKey(CreateApiKeyRequest(service_account_id="robot")),
            boss.ListApiKeys(ListApiKeysRequest(service_account_id="robot")),
            boss.RevokeApiKey(RevokeApiKeyRequest(service_account_id="robot", id="x")),
        ):
            assert await refused(call) == "SERVICE_ACCOUNT_NOT_FOUND"
        made = await boss.CreateApiKey(CreateApiKeyRequest(service_account_id="own"))
        assert (await _exchange(identity, made.secret)).subject_id == "own"

    async def test_not_of_an_account_that_is_disabled_or_deleted(self, identity: Identity) -> None:
        await identity.add_account("robot")
        secret = (await _key(identity)).secret
        tokens = await _exchange(identity, secret)
        root = await identity.root()
        await root.DisableServiceAccount(service_account_service_pb2.DisableServiceAccountRequest(id="robot"))
        assert await refused(_exchange(identity, secret)) == "CREDENTIALS_INVALID"
        await _ends(identity, tokens)
        await root.EnableServiceAccount(service_account_service_pb2.EnableServiceAccountRequest(id="robot"))
        await _exchange(identity, secret)
        await root.DeleteServiceAccount(service_account_service_pb2.DeleteServiceAccountRequest(id="robot"))
        assert await refused(_exchange(identity, secret)) == "CREDENTIALS_INVALID"


async def test_service_accounts_are_kept_like_users(identity: Identity) -> None:
    root = await identity.root()
    pb = service_account_service_pb2
    await identity.add_account("robot", display_name="Robot", description="runs at night")
    again = pb.CreateServiceAccountRequest(id="robot")
    assert await refused(root.CreateServiceAccount(again)) == "ID_TAKEN"
    assert await refused(root.CreateServiceAccount(pb.CreateServiceAccountRequest(id=ROOT))) == "ID_TAKEN"
    found = (await root.GetServiceAccount(pb.GetServiceAccountRequest(id="robot"))).service_account
    assert found.details.description == "runs at night"
    assert found.status == pb.ServiceAccount.STATUS_ACTIVE
    changed = await root.UpdateServiceAccount(
        pb.UpdateServiceAccountRequest(id="robot", details=pb.ServiceAccountDetails(display_name="R2"), etag=found.etag)
    )
    assert changed.service_account.details.display_name == "R2"
    stale = pb.UpdateServiceAccountRequest(
        id="robot", details=pb.ServiceAccountDetails(display_name="R3"), etag=found.etag
    )
    assert await refused(root.UpdateServiceAccount(stale)) == "REVISION_CONFLICT"
    await identity.add_account("second")
    listed = await root.ListServiceAccounts(pb.ListServiceAccountsRequest())
    assert [account.id for account in listed.service_accounts] == ["robot", "second"]
    assert await refused(root.GetServiceAccount(pb.GetServiceAccountRequest(id=ROOT))) == "SERVICE_ACCOUNT_NOT_FOUND"
    # Nobody signs in as one with a password.
    assert await refused(root.SetPassword(SetPasswordRequest(user_id="robot", password=NEW_PASSWORD))) == (
        "USER_NOT_FOUND"
    )
