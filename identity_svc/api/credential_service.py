"""CredentialService: what others sign in with."""

from __future__ import annotations

from flowmesh.identity.v1 import credential_service_pb2 as pb

from identity_svc.api.callers import Callers
from identity_svc.api.mapping import micros_of, timestamp
from identity_svc.commands.api_keys import ApiKeys
from identity_svc.commands.passwords import Passwords
from identity_svc.storage.api_keys import ApiKeyRow
from mesh.clock import Clock
from mesh.errors import Violation
from mesh.paging import DEFAULT_PAGE_SIZE, decode_page_token, encode_page_token
from mesh.validation import invalid


class CredentialServicer:
    """Turns requests into commands."""

    def __init__(self, passwords: Passwords, api_keys: ApiKeys, clock: Clock, callers: Callers) -> None:
        self._passwords = passwords
        self._api_keys = api_keys
        self._clock = clock
        self._callers = callers

    async def SetPassword(self, request: pb.SetPasswordRequest) -> pb.SetPasswordResponse:
        """Give a user another password."""
        await self._passwords.set(self._callers.current(), request.user_id, request.password)
        return pb.SetPasswordResponse()

    async def CreateApiKey(self, request: pb.CreateApiKeyRequest) -> pb.CreateApiKeyResponse:
        """Make an API key."""
        expires_at = micros_of(request.expire_time) if request.HasField("expire_time") else None
        if expires_at is not None and expires_at <= self._clock.now_micros():
            raise invalid([Violation("expire_time", "Must lie in the future, or be left out.")])
        key, secret = await self._api_keys.create(
            self._callers.current(), request.service_account_id, request.display_name, expires_at, request.request_id
        )
        return pb.CreateApiKeyResponse(api_key=_api_key(key), secret=secret)

    async def ListApiKeys(self, request: pb.ListApiKeysRequest) -> pb.ListApiKeysResponse:
        """List the API keys of a service account."""
        page = decode_page_token(request, str)
        limit = request.page_size or DEFAULT_PAGE_SIZE
        after = None if page is None else str(page[0])
        found = await self._api_keys.keys_of(self._callers.current(), request.service_account_id, after, limit + 1)
        response = pb.ListApiKeysResponse(api_keys=[_api_key(key) for key in found[:limit]])
        if len(found) > limit:
            response.next_page_token = encode_page_token(request, [found[limit - 1].id])
        return response

    async def RevokeApiKey(self, request: pb.RevokeApiKeyRequest) -> pb.RevokeApiKeyResponse:
        """End an API key."""
        ended = await self._api_keys.revoke(self._callers.current(), request.service_account_id, request.id)
        return pb.RevokeApiKeyResponse(revoked_sessions=ended)


def _api_key(key: ApiKeyRow) -> pb.ApiKey:
    message = pb.ApiKey(
        id=key.id,
        service_account_id=key.subject_id,
        display_name=key.display_name,
        create_time=timestamp(key.created_at),
        created_by=key.created_by,
    )
    if key.expires_at is not None:
        message.expire_time.CopyFrom(timestamp(key.expires_at))
    if key.used_at is not None:
        message.last_use_time.CopyFrom(timestamp(key.used_at))
    return message
