"""Whether a call may be made: the one check of every method of every service, by what the contract says it needs."""

from __future__ import annotations

import asyncio

from flowmesh.auth.v1 import permission_pb2

from mesh.access import refusals
from mesh.access.grants import SubjectGrants
from mesh.access.mesh_tokens import MeshTokenVerifier
from mesh.access.needs import MethodNeed, Need, need_of
from mesh.access.subjects import Subjects
from mesh.access.tokens import TokenVerifier, VerifiedToken
from mesh.access.watch import SecurityWatch
from mesh.call import CallContext

START_SECONDS = 2.0
"""How long a call waits in a process that has only just begun to hear what is revoked."""


class Authorizer:
    """Checks calls: an `Authorize` for the server. Denies what is not allowed.

    Sets `user_id`, `session_id`, `grants` and the rows of the call.
    """

    def __init__(
        self, tokens: TokenVerifier, subjects: Subjects, watch: SecurityWatch, mesh_tokens: MeshTokenVerifier
    ) -> None:
        self.tokens = tokens
        self._subjects = subjects
        self._watch = watch
        self._mesh_tokens = mesh_tokens
        self._needs: dict[str, MethodNeed] = {}

    async def __call__(self, call: CallContext, option: permission_pb2.MethodPermission) -> None:
        """Check a call.

        Raises Unauthenticated, Denied, and IdentityDown where it cannot be told. `option` is that of the method which
        the call names.
        """
        needed = self._needs.get(call.method)
        if needed is None:
            needed = self._needs[call.method] = need_of(option)
        need = needed.need
        if need is Need.ANYBODY:
            return
        if need is Need.MESH:
            self._mesh_tokens.verify(call.mesh_token)
            return
        token = self.tokens.known(call.authorization)
        if token is None:
            token = await self.tokens.verify(call.authorization)
        grants = self._subjects.get(token.subject_id)
        if grants is None:
            grants = await self._grants(token)
        # Looked at last: the session may have been ended while something was waited for.
        if token.session_id in self._watch.revoked:
            raise refusals.session_revoked()
        if not grants.active:
            raise refusals.subject_inactive()
        call.user_id = token.subject_id
        call.session_id = token.session_id
        call.grants = grants
        call.may_act_as = grants.may_act_as
        if need is Need.SIGNED_IN:
            call.narrow(grants.no_rows)
            return
        rows = grants.rows(needed.permission, needed.rows)
        if rows is None:
            raise refusals.denied(needed.permission, narrower=grants.has(needed.permission))
        call.narrow(rows)

    async def _grants(self, token: VerifiedToken) -> SubjectGrants:
        if not self._watch.complete.is_set():
            try:
                async with asyncio.timeout(START_SECONDS):
                    await self._watch.complete.wait()
            except TimeoutError:
                raise refusals.IdentityDown("it has not told yet what is revoked") from None
        return await self._subjects.read(token.subject_id)
