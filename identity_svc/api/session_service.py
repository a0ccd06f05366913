"""SessionService: signing in and out."""

from __future__ import annotations

from flowmesh.identity.v1 import session_service_pb2 as pb
from google.api import httpbody_pb2

from identity_svc.api.mapping import timestamp
from identity_svc.api.signed_in import caller, signed_in_caller
from identity_svc.commands.api_keys import ApiKeys
from identity_svc.commands.bootstrap import Bootstrap
from identity_svc.commands.external_sign_in import ExternalSignIn
from identity_svc.commands.issuing import IssuedTokens
from identity_svc.commands.key_ring import KeyRing
from identity_svc.commands.passwords import Passwords
from identity_svc.commands.sessions import Sessions
from identity_svc.commands.sign_in import PasswordSignIn
from identity_svc.storage.sessions import SessionRow, list_sessions
from mesh.access import acting, refusals
from mesh.call import current_call
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.paging import DEFAULT_PAGE_SIZE, decode_page_token, encode_page_token

REVOKE = "sessions.revoke"
LIST = "sessions.list"
KEY_SET_TYPE = "application/json"


class SessionServicer:
    """Turns requests into commands. `database` is one that calls are served from."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        sessions: Sessions,
        sign_in: PasswordSignIn,
        passwords: Passwords,
        api_keys: ApiKeys,
        bootstrap: Bootstrap,
        external: ExternalSignIn,
        ring: KeyRing,
    ) -> None:
        self._database = database
        self._clock = clock
        self._sessions = sessions
        self._sign_in = sign_in
        self._passwords = passwords
        self._api_keys = api_keys
        self._bootstrap = bootstrap
        self._external = external
        self._ring = ring

    async def Login(self, request: pb.LoginRequest) -> pb.LoginResponse:
        """Sign in with a password."""
        issued = await self._sign_in.sign_in(request.user, request.password, caller())
        return pb.LoginResponse(tokens=_tokens(issued))

    async def ExchangeApiKey(self, request: pb.ExchangeApiKeyRequest) -> pb.ExchangeApiKeyResponse:
        """Sign in with an API key."""
        issued = await self._api_keys.sign_in(request.api_key, caller())
        return pb.ExchangeApiKeyResponse(tokens=_tokens(issued))

    async def ExchangeOidc(self, request: pb.ExchangeOidcRequest) -> pb.ExchangeOidcResponse:
        """Sign in with a token of a trusted issuer."""
        issued = await self._external.sign_in(request.token, caller())
        return pb.ExchangeOidcResponse(tokens=_tokens(issued))

    async def Bootstrap(self, request: pb.BootstrapRequest) -> pb.BootstrapResponse:
        """Make the first administrator."""
        issued = await self._bootstrap.use(request.bootstrap_token, request.user_id, request.password, caller())
        return pb.BootstrapResponse(tokens=_tokens(issued))

    async def Refresh(self, request: pb.RefreshRequest) -> pb.RefreshResponse:
        """Exchange a refresh token."""
        issued = await self._sessions.refresh(request.refresh_token, request.request_id, caller())
        return pb.RefreshResponse(tokens=_tokens(issued))

    async def Revoke(self, request: pb.RevokeRequest) -> pb.RevokeResponse:
        """End a session, or all of a subject."""
        call, actor = current_call(), caller()
        others = acting.may(call, REVOKE)
        if request.subject_id and not request.session_id:
            if request.subject_id != actor.id and not others:
                raise refusals.denied(REVOKE)
            ended = await self._sessions.revoke_all(request.subject_id, actor)
            return pb.RevokeResponse(revoked_sessions=ended)
        session_id = request.session_id or signed_in_caller().session_id
        # Who may end the sessions of others may still say whose it has to be.
        of = request.subject_id or (None if others else actor.id)
        ended = await self._sessions.revoke(session_id, actor, of=of)
        return pb.RevokeResponse(revoked_sessions=ended)

    async def ListSessions(self, request: pb.ListSessionsRequest) -> pb.ListSessionsResponse:
        """List sessions that are not over."""
        call = current_call()
        subject_id = request.subject_id or signed_in_caller().id
        if subject_id != call.user_id:
            acting.demand(call, LIST)
        key = decode_page_token(request, str)
        limit = request.page_size or DEFAULT_PAGE_SIZE
        after = None if key is None else str(key[0])
        found = await self._database.read(list_sessions(subject_id, self._clock.now_micros(), after, limit + 1))
        response = pb.ListSessionsResponse(sessions=[_session(row) for row in found[:limit]])
        if len(found) > limit:
            response.next_page_token = encode_page_token(request, [found[limit - 1].id])
        return response

    async def ChangePassword(self, request: pb.ChangePasswordRequest) -> pb.ChangePasswordResponse:
        """Change the caller's password."""
        actor = signed_in_caller()
        await self._passwords.change(actor, request.old_password, request.new_password)
        return pb.ChangePasswordResponse()

    async def GetKeySet(self, request: pb.GetKeySetRequest) -> httpbody_pb2.HttpBody:
        """Return the public keys."""
        return httpbody_pb2.HttpBody(content_type=KEY_SET_TYPE, data=await self._ring.key_set())


def _tokens(issued: IssuedTokens) -> pb.Tokens:
    tokens = pb.Tokens(
        access_token=issued.access_token,
        access_expire_time=timestamp(issued.access_expires_at),
        refresh_token=issued.refresh_token,
        session_id=issued.session_id,
        subject_id=issued.subject_id,
    )
    if issued.refresh_token:
        tokens.refresh_expire_time.CopyFrom(timestamp(issued.refresh_expires_at))
    return tokens


def _session(row: SessionRow) -> pb.Session:
    return pb.Session(
        id=row.id,
        subject_id=row.subject_id,
        create_time=timestamp(row.created_at),
        last_refresh_time=timestamp(row.refreshed_at),
        expire_time=timestamp(row.closes_at),
        origin=pb.Session.Origin.Name(row.origin),
    )
