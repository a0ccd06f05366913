"""SigningKeyService: the keys that sign access tokens."""

from __future__ import annotations

from flowmesh.identity.v1 import signing_key_service_pb2 as pb

from identity_svc.api.mapping import timestamp
from identity_svc.api.signed_in import caller
from identity_svc.commands.key_ring import KeyRing
from identity_svc.commands.key_rotation import KeyRotation
from identity_svc.storage.signing_keys import StoredKey


class SigningKeyServicer:
    """Turns requests into commands."""

    def __init__(self, ring: KeyRing, rotation: KeyRotation) -> None:
        self._ring = ring
        self._rotation = rotation

    async def ListSigningKeys(self, request: pb.ListSigningKeysRequest) -> pb.ListSigningKeysResponse:
        """List the keys whose tokens are taken."""
        return pb.ListSigningKeysResponse(signing_keys=[_signing_key(key) for key in self._ring.keys])

    async def RotateSigningKeys(self, request: pb.RotateSigningKeysRequest) -> pb.RotateSigningKeysResponse:
        """Make a key that follows, or takes the place of all others."""
        key = await self._rotation.rotate(request.request_id, caller(), revoke_now=request.revoke_now)
        return pb.RotateSigningKeysResponse(signing_key=_signing_key(key))


def _signing_key(key: StoredKey) -> pb.SigningKey:
    message = pb.SigningKey(id=key.pair.id, create_time=timestamp(key.created_at), sign_time=timestamp(key.sign_from))
    if key.drop_at is not None:
        message.drop_time.CopyFrom(timestamp(key.drop_at))
    return message
