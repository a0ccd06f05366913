"""OpenID Connect: a real provider's tokens are taken, and those that are nearly right are not."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from flowmesh.identity.v1 import audit_service_pb2, group_service_pb2, tenant_service_pb2, user_service_pb2
from flowmesh.identity.v1.access_service_pb2 import GetOwnAccessRequest
from flowmesh.identity.v1.session_service_pb2 import ExchangeOidcRequest, RefreshRequest, Tokens

from identity_svc.commands.external_sign_in import user_id_of
from identity_svc.oidc.issuer_keys import FRESH_SECONDS, PAUSE_SECONDS, FetchFailed, IssuerKeys
from identity_svc.oidc.issuers import TrustedIssuer, read_issuers
from identity_svc.oidc.verification import ExternalUser, TokenRefused, TokenVerification
from mesh.errors import DependencyDown
from mesh.startup import StartupError
from tests.infrastructure.oidc import OTHER_CLIENT, OidcProvider
from tests.integration.identity.signed_in import Identity, migrated, refused, running

ISSUER = "https://login.example.com"


@pytest.fixture
async def tables(database_url: str) -> str:
    return await migrated(database_url)


def _issuers_file(folder: Path, issuer: str, **more: Any) -> Path:
    file = folder / "issuers.json"
    entry = {
        "alias": "corp",
        "issuer": issuer,
        "audience": "flowmesh",
        "groups": {"eng": "developers", "ops": "operators", "ghosts": "not-there"},
        **more,
    }
    file.write_text(json.dumps({"issuers": [entry]}))
    return file


async def _add_groups(identity: Identity) -> None:
    root = identity.client((await identity.bootstrap()).access_token)
    await root.CreateTenant(tenant_service_pb2.CreateTenantRequest(id="acme"))
    for group_id, tenant in (("developers", ""), ("operators", ""), ("by-hand", "")):
        await root.CreateGroup(group_service_pb2.CreateGroupRequest(id=group_id, tenant_id=tenant))


@pytest.fixture
async def identity(tables: str, tmp_path: Path, oidc_provider: OidcProvider) -> AsyncIterator[Identity]:
    file = _issuers_file(tmp_path, oidc_provider.issuer)
    async with running(tables, tmp_path, oidc_issuers_file=file) as started:
        await _add_groups(started)
        yield started


async def _exchange(identity: Identity, provider: OidcProvider, user: str) -> Tokens:
    token = await asyncio.to_thread(provider.id_token, user)
    tokens: Tokens = (await identity.client().ExchangeOidc(ExchangeOidcRequest(token=token))).tokens
    return tokens


async def _groups(identity: Identity, tokens: Tokens) -> list[str]:
    access = (await identity.client(tokens.access_token).GetOwnAccess(GetOwnAccessRequest())).access
    return sorted(access.group_ids)


class TestWithAProvider:
    async def test_makes_the_user_with_its_groups(self, identity: Identity, oidc_provider: OidcProvider) -> None:
        oidc_provider.set_users(
            ann={
                "name": "Ann Example",
                "given_name": "Ann",
                "email": "ann@example.com",
                "email_verified": True,
                "groups": ["eng", "ghosts", "unmapped"],
            }
        )
        tokens = await _exchange(identity, oidc_provider, "ann")
        assert tokens.subject_id == "corp:ann"
        assert await _groups(identity, tokens) == ["developers"]
        root = await identity.root()
        user = (await root.GetUser(user_service_pb2.GetUserRequest(id="corp:ann"))).user
        assert user.details.display_name == "Ann Example"
        assert user.details.email == "ann@example.com"
        refreshed = await identity.client().Refresh(RefreshRequest(refresh_token=tokens.refresh_token))
        assert refreshed.tokens.subject_id == "corp:ann"
        listed = await root.ListAuditEntries(audit_service_pb2.ListAuditEntriesRequest(action="users.bind"))
        assert [entry.resource_id for entry in listed.audit_entries] == ["corp:ann"]

    async def test_groups_follow_the_claim_and_others_stay(
        self, identity: Identity, oidc_provider: OidcProvider
    ) -> None:
        oidc_provider.set_users(bob={"groups": ["eng"]})
        tokens = await _exchange(identity, oidc_provider, "bob")
        root = await identity.root()
        await root.AddGroupMembers(
            group_service_pb2.AddGroupMembersRequest(id="by-hand", subject_ids=[tokens.subject_id])
        )
        oidc_provider.set_users(bob={"groups": ["ops"]})
        tokens = await _exchange(identity, oidc_provider, "bob")
        assert await _groups(identity, tokens) == ["by-hand", "operators"]
        oidc_provider.set_users(bob={})
        tokens = await _exchange(identity, oidc_provider, "bob")
        assert await _groups(identity, tokens) == ["by-hand"]

    async def test_a_token_for_another_service_is_refused(
        self, identity: Identity, oidc_provider: OidcProvider
    ) -> None:
        oidc_provider.set_users(ann={"groups": ["eng"]})
        token = await asyncio.to_thread(oidc_provider.id_token, "ann", OTHER_CLIENT)
        assert await refused(identity.client().ExchangeOidc(ExchangeOidcRequest(token=token))) == "CREDENTIALS_INVALID"

    async def test_who_is_disabled_or_deleted_does_not_come_back(
        self, identity: Identity, oidc_provider: OidcProvider
    ) -> None:
        oidc_provider.set_users(ann={"groups": []})
        await _exchange(identity, oidc_provider, "ann")
        root = await identity.root()
        await root.DisableUser(user_service_pb2.DisableUserRequest(id="corp:ann"))
        assert await refused(_exchange(identity, oidc_provider, "ann")) == "CREDENTIALS_INVALID"
        await root.EnableUser(user_service_pb2.EnableUserRequest(id="corp:ann"))
        await _exchange(identity, oidc_provider, "ann")
        await root.DeleteUser(user_service_pb2.DeleteUserRequest(id="corp:ann"))
        assert await refused(_exchange(identity, oidc_provider, "ann")) == "CREDENTIALS_INVALID"

    async def test_many_at_once_make_one_user(self, identity: Identity, oidc_provider: OidcProvider) -> None:
        oidc_provider.set_users(ann={"groups": ["eng"]})
        token = await asyncio.to_thread(oidc_provider.id_token, "ann")
        request = ExchangeOidcRequest(token=token)
        answers = await asyncio.gather(*(identity.client().ExchangeOidc(request) for _ in range(6)))
        assert {answer.tokens.subject_id for answer in answers} == {"corp:ann"}

    async def test_an_address_finds_the_user_only_where_that_is_set_and_verified(
        self, tables: str, tmp_path: Path, oidc_provider: OidcProvider
    ) -> None:
        oidc_provider.set_users(
            ann={"email": "ann@example.com", "email_verified": True},
            eve={"email": "ann@example.com", "email_verified": False},
        )
        async with running(
            tables, tmp_path, oidc_issuers_file=_issuers_file(tmp_path, oidc_provider.issuer, match_email=True)
        ) as identity:
            await _add_groups(identity)
            await identity.add_user("ann", email="Ann@example.com")
            assert (await _exchange(identity, oidc_provider, "eve")).subject_id == "corp:eve"
            assert (await _exchange(identity, oidc_provider, "ann")).subject_id == "ann"
            # Bound once, whatever the address is later.
            oidc_provider.set_users(ann={"email": "other@example.com", "email_verified": True})
            assert (await _exchange(identity, oidc_provider, "ann")).subject_id == "ann"

    async def test_tenants_follow_the_claim(self, tables: str, tmp_path: Path, oidc_provider: OidcProvider) -> None:
        file = _issuers_file(tmp_path, oidc_provider.issuer, tenants_claim="tenants")
        async with running(tables, tmp_path, oidc_issuers_file=file) as identity:
            await _add_groups(identity)

            async def tenants() -> list[str]:
                tokens = await _exchange(identity, oidc_provider, "ann")
                access = await identity.client(tokens.access_token).GetOwnAccess(GetOwnAccessRequest())
                return list(access.access.tenant_ids)

            oidc_provider.set_users(ann={"tenants": ["acme", "not-there"], "groups": ["eng"]})
            assert await tenants() == ["acme"]
            oidc_provider.set_users(ann={"tenants": ["acme", ""], "groups": ["eng"]})
            assert await tenants() == ["", "acme"]
            oidc_provider.set_users(ann={"groups": ["eng"]})
            assert await tenants() == [""]


KEY = rsa.generate_private_key(65537, 2048)
OTHER_KEY = rsa.generate_private_key(65537, 2048)
CURVE_KEY = ec.generate_private_key(ec.SECP256R1())


def _public(key: Any, key_id: str, algorithm: str) -> dict[str, Any]:
    kind = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "alg": algorithm, "use": "sig"}


class _Website:
    """What an issuer serves."""

    def __init__(self) -> None:
        self.keys = [_public(KEY, "one", "RS256"), _public(CURVE_KEY, "curve", "ES256")]
        self.documents: dict[str, Any] = {
            f"{ISSUER}/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"},
        }
        self.fetched = 0
        self.down = False

    def fetch(self, url: str) -> Any:
        self.fetched += 1
        if self.down:
            raise FetchFailed("down")
        return {"keys": self.keys} if url == f"{ISSUER}/keys" else self.documents[url]


@pytest.fixture
def website() -> _Website:
    return _Website()


@pytest.fixture
def verification(website: _Website) -> TokenVerification:
    issuer = TrustedIssuer("corp", ISSUER, ("flowmesh",), groups={"eng": "developers"})
    return TokenVerification([issuer], {ISSUER: IssuerKeys("corp", ISSUER, fetch=website.fetch)})


def _token(key: Any = KEY, algorithm: str = "RS256", kid: str | None = "one", **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": "ann", "aud": "flowmesh", "iat": now, "exp": now + 86_400, "groups": ["eng"]}
    claims = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm, headers={} if kid is None else {"kid": kid})


_PEM = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


class TestVerification:
    async def test_takes_what_is_right(self, verification: TokenVerification) -> None:
        person = await verification.verify(_token(email="a@b.c", email_verified=True, name="Ann"))
        assert isinstance(person, ExternalUser)
        assert (person.external_id, person.email, person.display_name) == ("ann", "a@b.c", "Ann")
        assert person.group_ids == {"developers"}
        assert (await verification.verify(_token(CURVE_KEY, "ES256", "curve"))).external_id == "ann"
        assert (await verification.verify(_token(aud=["flowmesh", "x"]))).external_id == "ann"
        assert (await verification.verify(_token(groups="eng"))).group_ids == {"developers"}
        assert (await verification.verify(_token(groups={"eng": 1}))).group_ids == frozenset()
        assert (await verification.verify(_token(email="a@b.c", email_verified="true"))).email == ""

    @pytest.mark.parametrize(
        "token",
        [
            "",
            "a.b.c",
            _token(exp=int(time.time()) - 120),
            _token(exp=None),
            _token(iat=None),
            _token(iat=int(time.time()) + 86_400),
            _token(nbf=int(time.time()) + 86_400),
            _token(aud="another-service"),
            _token(aud=None),
            _token(iss="https://evil.example.com"),
            _token(iss=None),
            _token(sub=None),
            _token(sub=""),
            _token(sub="x" * 256),
            _token(OTHER_KEY),
            _token(kid=None),
            _token(kid="unknown"),
            # The key of the set is for another algorithm.
            _token(KEY, "RS512"),
            _token(KEY, "RS256", "curve"),
            _token(CURVE_KEY, "ES256", "one"),
            _token("", "none"),
            # With the public key as the secret of a symmetric signature.
            ".".join(
                (
                    jwt.utils.base64url_encode(json.dumps({"alg": "HS256", "kid": "one"}).encode()).decode(),
                    _token().split(".")[1],
                    jwt.utils.base64url_encode(
                        jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
                            f"{jwt.utils.base64url_encode(json.dumps({'alg': 'HS256', 'kid': 'one'}).encode()).decode()}."
                            f"{_token().split('.')[1]}".encode(),
                            _PEM,
                        )
                    ).decode(),
                )
            ),
            _token()[:-8] + "AAAAAAAA",
        ],
    )
    async def test_refuses_what_is_nearly_right(self, verification: TokenVerification, token: str) -> None:
        with pytest.raises(TokenRefused):
            await verification.verify(token)

    async def test_symmetric_keys_of_the_set_are_not_used(
        self, verification: TokenVerification, website: _Website
    ) -> None:
        website.keys = [
            {"kty": "oct", "kid": "one", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ", "alg": "HS256"}
        ]
        with pytest.raises((TokenRefused, DependencyDown)):
            await verification.verify(_token("secret-secret-secret-secret-1234", "HS256"))


class TestKeys:
    async def test_are_kept_and_asked_for_again(self, website: _Website) -> None:
        now = 0.0
        keys = IssuerKeys("corp", ISSUER, fetch=website.fetch, monotonic=lambda: now)
        assert await keys.find("one") is not None
        fetched = website.fetched
        assert await keys.find("one") is not None
        for n in range(20):
            assert await keys.find(f"unknown-{n}") is None
        assert website.fetched == fetched
        website.keys = [_public(OTHER_KEY, "two", "RS256")]
        assert await keys.find("two") is None
        now = PAUSE_SECONDS
        assert await keys.find("two") is not None
        assert await keys.find("one") is None
        # Those known go on where the issuer does not answer.
        website.down = True
        now += FRESH_SECONDS + 1
        assert await keys.find("two") is not None

    async def test_none_known_and_the_issuer_away(self, website: _Website) -> None:
        website.down = True
        with pytest.raises(DependencyDown):
            await IssuerKeys("corp", ISSUER, fetch=website.fetch).find("one")

    @pytest.mark.parametrize(
        "document",
        [
            {"issuer": "https://evil.example.com", "jwks_uri": f"{ISSUER}/keys"},
            {"issuer": ISSUER, "jwks_uri": "http://login.example.com/keys"},
            {"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"},
            {"issuer": ISSUER},
            [],
        ],
    )
    async def test_discovery_that_is_not_right(self, website: _Website, document: Any) -> None:
        website.documents[f"{ISSUER}/.well-known/openid-configuration"] = document
        with pytest.raises(DependencyDown):
            await IssuerKeys("corp", ISSUER, fetch=website.fetch).find("one")


class TestFile:
    def test_yaml(self, tmp_path: Path) -> None:
        file = tmp_path / "issuers.yaml"
        file.write_text(
            "issuers:\n- alias: corp\n  issuer: https://a.example.com\n  audience: [a, b]\n  groups: {x: y}\n"
        )
        assert read_issuers(file) == (TrustedIssuer("corp", "https://a.example.com", ("a", "b"), groups={"x": "y"}),)
        assert read_issuers(None) == ()

    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ({"alias": "Corp:x"}, "alias"),
            ({"issuer": "http://login.example.com"}, "issuer"),
            ({"audience": None}, "audience"),
            ({"audience": []}, "audience"),
            ({"groups": ["x"]}, "groups"),
            ({"match_email": "yes"}, "match_email"),
            ({"group_claim": "x"}, "group_claim"),
            ({"tenants": "acme"}, "tenants"),
        ],
    )
    def test_what_is_wrong_is_named(self, tmp_path: Path, change: dict[str, Any], named: str) -> None:
        with pytest.raises(StartupError, match=named):
            read_issuers(_issuers_file(tmp_path, change.pop("issuer", ISSUER), **change))

    @pytest.mark.parametrize("text", ["", "[]", "issuers: 1", "issuers: [1]", "a: b", "issuers: [", "\x00"])
    def test_what_is_no_such_file(self, tmp_path: Path, text: str) -> None:
        file = tmp_path / "issuers.yaml"
        file.write_text(text)
        with pytest.raises(StartupError, match=r"issuers\.yaml"):
            read_issuers(file)


def test_ids_of_users() -> None:
    assert user_id_of("corp", "ann@example.com") == "corp:ann@example.com"
    odd = user_id_of("corp", "auth0|5f7c8ec7c33c6c004bbafe82")
    assert odd.startswith("corp:")
    assert "|" not in odd
    assert len(user_id_of("a" * 20, "x" * 255)) <= 64
    assert user_id_of("corp", "x" * 100) != user_id_of("corp", "x" * 101)
