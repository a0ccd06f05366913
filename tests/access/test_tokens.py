"""Which access tokens are believed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from mesh.access.keys import KeySetUnreadable, parse_key_set
from mesh.access.tokens import MAX_CHARACTERS, TokenVerifier
from mesh.errors import Unauthenticated
from tests.infrastructure.identity import SigningKey

KEY = SigningKey("k1")
OTHER = SigningKey("k2")


class Verifying:
    """A verifier with one key, and a clock that the test turns."""

    def __init__(self, **named: Any) -> None:
        self.seconds = time.time()
        self.asked = 0
        self.tokens = TokenVerifier(self.key, "flowmesh", "flowmesh", now=lambda: self.seconds, **named)

    async def key(self, key_id: str) -> RSAPublicKey | None:
        self.asked += 1
        return KEY.private.public_key() if key_id == KEY.id else None


def _part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _now() -> int:
    return int(time.time())


def unsigned() -> str:
    claims = jwt.decode(KEY.token("ann"), options={"verify_signature": False})
    return f"{_part({'alg': 'none', 'typ': 'at+jwt', 'kid': KEY.id})}.{_part(claims)}."


def confused(content: bytes) -> str:
    """Signed with HS256, the public key being the secret."""
    claims = jwt.decode(KEY.token("ann"), options={"verify_signature": False})
    signed = f"{_part({'alg': 'HS256', 'typ': 'at+jwt', 'kid': KEY.id})}.{_part(claims)}"
    signature = base64.urlsafe_b64encode(hmac.digest(content, signed.encode(), hashlib.sha256)).rstrip(b"=").decode()
    return f"{signed}.{signature}"


def _pem() -> bytes:
    return KEY.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _der() -> bytes:
    return KEY.private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def altered() -> str:
    """Of somebody else, with the signature as it was."""
    header, claims, signature = KEY.token("ann").split(".")
    content = json.loads(base64.urlsafe_b64decode(claims + "=="))
    return f"{header}.{_part({**content, 'sub': 'root'})}.{signature}"


def relabelled() -> str:
    """With another algorithm in the header, over the right signature."""
    header, claims, signature = KEY.token("ann").split(".")
    content = json.loads(base64.urlsafe_b64decode(header + "=="))
    return f"{_part({**content, 'alg': 'none'})}.{claims}.{signature}"


def cut() -> str:
    return KEY.token("ann").rpartition(".")[0] + "."


INVALID: dict[str, Callable[[], str]] = {
    "alg none": unsigned,
    "alg none over a signature": relabelled,
    "HS256 with the PEM": lambda: confused(_pem()),
    "HS256 with the DER": lambda: confused(_der()),
    "RS512": lambda: jwt.encode(
        jwt.decode(KEY.token("ann"), options={"verify_signature": False}),
        KEY.private,
        "RS512",
        {"typ": "at+jwt", "kid": KEY.id},
    ),
    "PS256": lambda: jwt.encode(
        jwt.decode(KEY.token("ann"), options={"verify_signature": False}),
        KEY.private,
        "PS256",
        {"typ": "at+jwt", "kid": KEY.id},
    ),
    "altered": altered,
    "no signature": cut,
    "a key that is not known": lambda: OTHER.token("ann"),
    "another key by the same name": lambda: OTHER.token("ann", headers={"kid": KEY.id}),
    "no key named": lambda: KEY.token("ann", headers={"kid": ""}),
    "a key that is a number": lambda: _part({"alg": "RS256", "typ": "at+jwt", "kid": 1}) + ".e30.AA",
    "its own key": lambda: OTHER.token("ann", headers={"kid": KEY.id, "jwk": OTHER.public_jwk()}),
    "an address for its key": lambda: OTHER.token("ann", headers={"kid": KEY.id, "jku": "http://127.0.0.1:1/"}),
    "a key that is a path": lambda: OTHER.token("ann", headers={"kid": "../../../dev/null"}),
    "a demand in the header": lambda: KEY.token("ann", headers={"crit": ["exp"]}),
    "not encoded": lambda: _part({"alg": "RS256", "typ": "at+jwt", "kid": KEY.id, "b64": False}) + ".{}.AA",
    "not of this kind": lambda: KEY.token("ann", headers={"typ": "JWT"}),
    "without a kind": lambda: KEY.token("ann", headers={"typ": None}),
    "another issuer": lambda: KEY.token("ann", iss="flowmesh2"),
    "another audience": lambda: KEY.token("ann", aud="flowmesh-mesh"),
    "several audiences": lambda: KEY.token("ann", aud=["flowmesh", "other"]),
    "not valid yet": lambda: KEY.token("ann", iat=_now() + 60, exp=_now() + 600),
    "not before": lambda: KEY.token("ann", nbf=_now() + 60),
    "ends before it begins": lambda: KEY.token("ann", iat=_now() - 5, exp=_now() - 6),
    "ends as a text": lambda: KEY.token("ann", exp="9999999999"),
    "ends as true": lambda: KEY.token("ann", exp=True),
    "begins as a text": lambda: KEY.token("ann", iat="1"),
    "nobody's": lambda: KEY.token(""),
    "a number's": lambda: KEY.token("ann", sub=7),
    "a long name's": lambda: KEY.token("x" * 65),
    "no session": lambda: KEY.token("ann", sid=""),
    "session as a number": lambda: KEY.token("ann", sid=1),
    "empty": lambda: "",
    "no token": lambda: "junk",
    "dots": lambda: "..",
    "not text": lambda: "ÿ.é.ß",
    "deep": lambda: base64.urlsafe_b64encode(b'{"a":' + b"[" * 2900).decode() + ".e30.AA",
    "long": lambda: KEY.token("ann", filler="x" * MAX_CHARACTERS),
    **{
        f"without {name}": partial(KEY.token, "ann", without=name)
        for name in ("iss", "aud", "sub", "sid", "jti", "iat", "exp")
    },
}


@pytest.mark.parametrize("name", INVALID)
async def test_invalid_tokens_are_refused_alike(name: str) -> None:
    verifying = Verifying()
    with pytest.raises(Unauthenticated) as refused:
        await verifying.tokens.verify(f"Bearer {INVALID[name]()}")
    assert refused.value.reason == "CREDENTIALS_INVALID"
    # The same for every reason: it tells nobody what to mend.
    assert refused.value.message == (
        "The access token is not valid: sign in again, and send the token as it was given."
    )


async def test_right_token() -> None:
    verifying = Verifying()
    token = KEY.token("ann", sid="s-1", exp=_now() + 60)
    verified = await verifying.tokens.verify(f"Bearer {token}")
    assert (verified.subject_id, verified.session_id) == ("ann", "s-1")
    assert verified.expires == pytest.approx(_now() + 60, abs=2)
    for scheme in ("bearer", "BEARER"):
        assert (await verifying.tokens.verify(f"{scheme} {token}")).subject_id == "ann"
    assert (
        await verifying.tokens.verify(f"Bearer {KEY.token('ann', headers={'typ': 'application/AT+JWT'})}")
    ).subject_id


async def test_token_may_be_a_little_early() -> None:
    token = KEY.token("ann", iat=_now() + 5, exp=_now() + 600)
    assert (await Verifying().tokens.verify(f"Bearer {token}")).subject_id == "ann"


@pytest.mark.parametrize("header", ["Basic YTpi", "Token {}", "{}", "Bearer{}", "Bearer {0},Bearer {0}", "Bearer a {}"])
async def test_other_headers(header: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await Verifying().tokens.verify(header.format(KEY.token("ann")))
    assert refused.value.reason == "CREDENTIALS_INVALID"


async def test_missing_token_says_where_it_belongs() -> None:
    with pytest.raises(Unauthenticated, match="'authorization: Bearer TOKEN'") as refused:
        await Verifying().tokens.verify("")
    assert refused.value.reason == "CREDENTIALS_INVALID"


async def test_expired_token_whether_known_or_not() -> None:
    verifying = Verifying()
    header = f"Bearer {KEY.token('ann', exp=_now() + 30)}"
    await verifying.tokens.verify(header)
    assert verifying.tokens.known(header) is not None
    verifying.seconds += 31
    assert verifying.tokens.known(header) is None
    for _ in range(2):
        with pytest.raises(Unauthenticated, match="refresh it") as refused:
            await verifying.tokens.verify(header)
        assert refused.value.reason == "TOKEN_EXPIRED"


async def test_known_tokens_are_not_verified_again_and_are_bounded() -> None:
    verifying = Verifying(max_known=2)
    headers = [f"Bearer {KEY.token(f'user{number}')}" for number in range(3)]
    for header in headers:
        await verifying.tokens.verify(header)
    assert verifying.asked == 3
    assert verifying.tokens.known(headers[0]) is None
    await verifying.tokens.verify(headers[2])
    assert verifying.asked == 3
    verifying.tokens.forget("session-of-user2")
    assert verifying.tokens.known(headers[2]) is None
    assert verifying.tokens.known(headers[1]) is not None
    verifying.tokens.forget()
    assert verifying.tokens.known(headers[1]) is None


async def test_token_verified_with_a_key_that_went_meanwhile_is_not_kept() -> None:
    class Leaving(Verifying):
        async def key(self, key_id: str) -> RSAPublicKey | None:
            self.tokens.forget()
            return await super().key(key_id)

    verifying = Leaving()
    header = f"Bearer {KEY.token('ann')}"
    await verifying.tokens.verify(header)
    assert verifying.tokens.known(header) is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"keys": {}}',
        b'{"keys": []}',
        b'{"keys": [1, {"kid": 1}, {"kid": "a", "kty": "EC"}, {"kid": "a", "kty": "RSA", "n": "AA", "e": "AQAB"}]}',
        b'{"keys": [{"kid": "a", "kty": "RSA"}]}',
        b'{"keys": [{"kid": "a", "kty": "oct", "k": "c2VjcmV0"}]}',
    ],
)
def test_unreadable_key_sets(text: bytes) -> None:
    with pytest.raises(KeySetUnreadable):
        parse_key_set(text)


def test_key_set_leaves_out_what_is_for_something_else() -> None:
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(small.public_key(), as_dict=True)
    keys = [
        {**KEY.public_jwk(), "kid": "encrypts", "use": "enc"},
        {**KEY.public_jwk(), "kid": "ps", "alg": "PS256"},
        {**jwk, "kid": "small"},
        OTHER.public_jwk(),
    ]
    assert set(parse_key_set(json.dumps({"keys": keys}).encode())) == {OTHER.id}
