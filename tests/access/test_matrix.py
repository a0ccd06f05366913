"""Every method of every service, called with every kind of token. The methods come from the contracts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import jwt
import pytest
import pytest_asyncio
from buf.validate import validate_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

from mesh.access.mesh_tokens import MeshTokenMaker
from mesh.access.metadata import MESH_TOKEN
from mesh.access.needs import Need
from mesh.ids import new_id
from tests.access.accounts import Accounts
from tests.access.served import KEY, TENANT, Method, Outcome, Served, all_methods, served_mesh
from tests.access.test_tokens import _part
from tests.infrastructure.identity import SigningKey
from tests.integration.identity.signed_in import ROOT, SECRET

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

METHODS = list(all_methods())
CLOSED = [method for method in METHODS if method.need.need in (Need.PERMISSION, Need.SIGNED_IN)]
PERMISSIONS = sorted({method.need.permission for method in METHODS if method.need.permission})
REFUSED = ("UNAUTHENTICATED", "PERMISSION_DENIED")
BROKEN = ("INTERNAL", "UNIMPLEMENTED", "UNKNOWN", "UNAVAILABLE", "DEADLINE_EXCEEDED")
Tokens = Callable[[Accounts], str | None]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with served_mesh(tmp_path_factory.mktemp("mesh")) as served:
        accounts = served.accounts
        await accounts.tenants("umbrella")
        await accounts.allow_each(
            {
                **{_only(permission): (permission,) for permission in PERMISSIONS},
                **{
                    _without(permission): tuple(name for name in PERMISSIONS if name != permission)
                    for permission in PERMISSIONS
                },
                "signed-in": (),
                "disabled": ("*",),
                "ended": ("*",),
            }
        )
        await accounts.allow("elsewhere", "*", tenants=("umbrella",))
        await accounts.disable("disabled")
        accounts.ended = await accounts.ended_session("ended")
        # What counts within seconds is tested elsewhere.
        await asyncio.sleep(1.5)
        yield served


def _only(permission: str) -> str:
    return f"only.{permission}"[:64]


def _without(permission: str) -> str:
    return f"without.{permission}"[:64]


async def test_every_service_of_the_contracts_is_served(mesh: Served) -> None:
    services = {method.descriptor.containing_service.full_name for method in METHODS}
    assert {service for service in services if await mesh.find(service) is None} == set()
    assert len(services) > 30


async def test_token_of_a_sign_in(mesh: Served) -> None:
    """What the identity service gives opens every method to who may do everything."""
    wrong = {}
    token = (await mesh.accounts.identity.login(ROOT)).access_token
    # Which without a request ends the session that the token is of.
    last = [method for method in CLOSED if method.path.endswith("SessionService/Revoke")]
    for method in [method for method in CLOSED if method not in last] + last:
        outcome = await mesh.call(method, token)
        if outcome.code in REFUSED + BROKEN:
            wrong[method.path] = outcome
    assert wrong == {}


def _confused(accounts: Accounts) -> str:
    import hashlib
    import hmac
    from base64 import urlsafe_b64encode

    from cryptography.hazmat.primitives import serialization

    claims = jwt.decode(accounts.token("root"), options={"verify_signature": False})
    signed = f"{_part({'alg': 'HS256', 'typ': 'at+jwt', 'kid': accounts.key.id})}.{_part(claims)}"
    secret = accounts.key.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"{signed}.{urlsafe_b64encode(hmac.digest(secret, signed.encode(), hashlib.sha256)).rstrip(b'=').decode()}"


def _unsigned(accounts: Accounts) -> str:
    claims = jwt.decode(accounts.token("root"), options={"verify_signature": False})
    return f"{_part({'alg': 'none', 'typ': 'at+jwt', 'kid': accounts.key.id})}.{_part(claims)}."


def _tampered(accounts: Accounts) -> str:
    header, _, signature = accounts.token("signed-in").split(".")
    claims = jwt.decode(accounts.token("root"), options={"verify_signature": False})
    return f"{header}.{_part(claims)}.{signature}"


BAD: dict[str, tuple[Tokens, str]] = {
    "no token": (lambda _: None, "CREDENTIALS_INVALID"),
    "expired": (
        lambda accounts: accounts.token("root", iat=int(time.time()) - 700, exp=int(time.time()) - 1),
        "TOKEN_EXPIRED",
    ),
    "not valid yet": (
        lambda accounts: accounts.token("root", iat=int(time.time()) + 300, exp=int(time.time()) + 600),
        "CREDENTIALS_INVALID",
    ),
    "wrong issuer": (lambda accounts: accounts.token("root", iss="other"), "CREDENTIALS_INVALID"),
    "wrong audience": (lambda accounts: accounts.token("root", aud="other"), "CREDENTIALS_INVALID"),
    "alg none": (_unsigned, "CREDENTIALS_INVALID"),
    "tampered": (_tampered, "CREDENTIALS_INVALID"),
    "HS256 with the public key": (_confused, "CREDENTIALS_INVALID"),
    "another's key": (lambda accounts: SigningKey(accounts.key.id).token("root"), "CREDENTIALS_INVALID"),
    "another kind of token": (lambda accounts: accounts.token("root", headers={"typ": "JWT"}), "CREDENTIALS_INVALID"),
    "a mesh token": (lambda _: MeshTokenMaker(SECRET, "engine").token(), "CREDENTIALS_INVALID"),
    "revoked session": (lambda accounts: accounts.ended, "SESSION_REVOKED"),
    "disabled": (lambda accounts: accounts.token("disabled"), "CREDENTIALS_INVALID"),
    "nobody": (lambda accounts: accounts.token("nobody"), "CREDENTIALS_INVALID"),
}


@pytest.mark.parametrize("kind", BAD)
async def test_bad_tokens(mesh: Served, kind: str) -> None:
    make, reason = BAD[kind]
    token = make(mesh.accounts)
    wrong = {}
    # What the gateway would set is no way in either.
    forged = (("x-flowmesh-sub", "root"),)
    for method in CLOSED:
        outcome = await mesh.call(method, token, metadata=forged)
        if (outcome.code, outcome.reason) != ("UNAUTHENTICATED", reason):
            wrong[method.path] = outcome
    assert wrong == {}


async def test_without_the_permission(mesh: Served) -> None:
    wrong = {}
    for method in CLOSED:
        permission = method.need.permission
        if permission:
            outcome = await mesh.call(method, mesh.accounts.token(_without(permission)))
            if (outcome.code, outcome.reason, outcome.permission) != ("PERMISSION_DENIED", "ACCESS_DENIED", permission):
                wrong[method.path] = outcome
            outcome = await mesh.call(method, mesh.accounts.token("signed-in"))
            if outcome.reason != "ACCESS_DENIED":
                wrong[method.path] = outcome
    assert wrong == {}


async def test_right_token(mesh: Served) -> None:
    """With nothing but the permission: what comes then is the method's own business, but no refusal and no bug."""
    wrong = {}
    for method in CLOSED:
        subject = _only(method.need.permission) if method.need.permission else "signed-in"
        outcome = await mesh.call(method, mesh.accounts.token(subject))
        if outcome.code in REFUSED + BROKEN:
            wrong[method.path] = outcome
    assert wrong == {}


async def test_what_anybody_may_call(mesh: Served) -> None:
    wrong = {}
    for method in [method for method in METHODS if method.need.need is Need.ANYBODY]:
        outcome = await mesh.call(method, None)
        if outcome.code in REFUSED + BROKEN:
            wrong[method.path] = outcome
    assert wrong == {}


async def test_what_is_for_the_mesh_alone(mesh: Served) -> None:
    wrong = {}
    right = ((MESH_TOKEN, MeshTokenMaker(SECRET, "engine").token()),)
    of_another = ((MESH_TOKEN, MeshTokenMaker("another-" + SECRET, "engine").token()),)
    as_access = ((MESH_TOKEN, mesh.accounts.token("root")),)
    for method in [method for method in METHODS if method.need.need is Need.MESH]:
        for metadata in ((), of_another, as_access):
            outcome = await mesh.call(method, mesh.accounts.token("root"), metadata=metadata)
            if (outcome.code, outcome.reason) != ("UNAUTHENTICATED", "CREDENTIALS_INVALID"):
                wrong[method.path] = outcome
        outcome = await mesh.call(method, None, metadata=right)
        if outcome.code in REFUSED + BROKEN:
            wrong[method.path] = outcome
    assert wrong == {}


# Another tenant's


def _filled(method: Method, thing: str, tenant: str, key: str) -> Any:
    """A request that names a thing wherever it can, and has what the contract demands."""
    request = GetMessageClass(method.descriptor.input_type)()
    for field in method.descriptor.input_type.fields:
        repeated = field.is_repeated
        if field.type == FieldDescriptor.TYPE_STRING:
            if field.name in ("id", "ids") or field.name.endswith(("_id", "_ids")):
                value = tenant if field.name.startswith("tenant_id") else thing
                value = "" if field.name == "request_id" else value
            elif field.name.endswith("process_definition_key"):
                value = key
            elif _least(field) and not repeated:
                value = "x" * _least(field)
            else:
                continue
            if not value:
                continue
            if repeated:
                getattr(request, field.name).append(value)
            elif field.containing_oneof is None or request.WhichOneof(field.containing_oneof.name) is None:
                setattr(request, field.name, value)
        elif field.type == FieldDescriptor.TYPE_ENUM and not repeated and field.containing_oneof is None:
            setattr(request, field.name, field.enum_type.values[-1].number)
    return request


def _least(field: FieldDescriptor) -> int:
    rules: Any = field.GetOptions().Extensions[validate_pb2.field]  # type: ignore[index]
    least: int = rules.string.min_len
    return least


def _told(outcome: Outcome, thing: str) -> tuple[str, str, str]:
    text = outcome.text.replace(thing, "ID").replace(thing.partition(".")[0], "OWNER")
    return outcome.code, outcome.reason, text.replace(TENANT, "T").replace(KEY, "K")


async def test_token_of_another_tenant(mesh: Served) -> None:
    """What is there comes to what never was: the same code, reason and text, and no word of it in an answer."""
    wrong: dict[str, Any] = {}
    token = mesh.accounts.token("elsewhere")
    checked = 0
    for method in CLOSED:
        if method.need.need is Need.PERMISSION and not method.need.rows:
            # It cannot tell tenants apart: who has a permission in one alone may not call it.
            outcome = await mesh.call(method, token)
            refused = (outcome.code, outcome.permission) == ("PERMISSION_DENIED", method.need.permission)
            if not refused or "for more than you were granted it for" not in outcome.text:
                wrong[method.path] = outcome
            continue
        for kind, thing in mesh.things.items():
            never = f"{new_id()}.1" if "." in thing else new_id()
            request = _filled(method, thing, TENANT, KEY)
            outcome = await mesh.call(method, token, request.SerializeToString())
            # A method that answers without having asked for rows fails as a bug, and so here.
            unknown = await mesh.call(method, token, _filled(method, never, "nowhere", "never").SerializeToString())
            told, expected = _told(outcome, thing), _told(unknown, never)
            expected = (*expected[:2], expected[2].replace("nowhere", "T").replace("never", "K"))
            if told != expected or outcome.code in BROKEN:
                wrong[f"{method.path} of {kind}"] = (outcome, unknown)
            for other in mesh.things.values():
                if other not in thing and other.encode() in outcome.answer:
                    wrong[f"{method.path} tells {kind}"] = outcome
            checked += 1
    assert wrong == {}
    # Nothing of it changed anything.
    root = mesh.accounts.token("root")
    by_path = {method.path: method for method in METHODS}
    for path, kind in (
        ("/flowmesh.engine.v1.ProcessInstanceService/GetProcessInstance", "instance"),
        ("/flowmesh.engine.v1.UserTaskService/GetUserTask", "task"),
        ("/flowmesh.engine.v1.DeploymentService/GetDeployment", "deployment"),
        ("/flowmesh.history.v1.HistoryService/GetHistoricProcessInstance", "instance"),
        ("/flowmesh.identity.v1.UserService/GetUser", "user"),
        ("/flowmesh.form.v1.FormDefinitionService/GetFormDefinition", "form"),
    ):
        request = _filled(by_path[path], mesh.things[kind], TENANT, KEY)
        assert (await mesh.call(by_path[path], root, request.SerializeToString())).code == "OK"
