"""AccessService: who may do what, and word of each change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from dataclasses import replace

from flowmesh.auth.v1 import permission_pb2
from flowmesh.identity.v1 import access_service_pb2 as pb

from identity_svc.api.mapping import timestamp
from identity_svc.queries.change_feed import ChangeFeed, TellingChange
from identity_svc.storage.security_changes import ChangeKind
from identity_svc.storage.sessions import revoked_sessions
from identity_svc.storage.subject_access import SubjectAccess, read_access
from mesh.access import acting
from mesh.access.grants import SubjectGrants
from mesh.access.rows import RowGrant
from mesh.call import current_call
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.errors import Denied

CHECK = "permissions.check"
HEARTBEAT_SECONDS = 1.0
_MOST_SUBJECTS = 500


class AccessServicer:
    """Answers from the database. `database` is one that calls are served from."""

    def __init__(self, database: Database, feed: ChangeFeed, clock: Clock) -> None:
        self._database = database
        self._feed = feed
        self._clock = clock

    async def CheckPermission(self, request: pb.CheckPermissionRequest) -> pb.CheckPermissionResponse:
        """Tell whether a subject has a permission."""
        call = current_call()
        subject_id = request.subject_id or call.user_id or ""
        if subject_id != call.user_id and not acting.may(call, CHECK):
            raise Denied(
                "ACCESS_DENIED",
                f"subject_id: leave it empty or name yourself; to ask about others needs the permission {CHECK}.",
                metadata={"permission": CHECK, "field": "subject_id"},
            )
        grants = SubjectGrants(access_message(await self._database.read(read_access(subject_id))))
        kind = permission_pb2.MethodPermission
        rows = grants.rows(request.permission, kind.ROWS_INVOLVEMENT)
        if rows is None:
            return pb.CheckPermissionResponse(allowed=False)
        return pb.CheckPermissionResponse(allowed=any(_opens(grant, request) for grant in rows.grants))

    async def GetOwnAccess(self, request: pb.GetOwnAccessRequest) -> pb.GetOwnAccessResponse:
        """Return what the caller was granted."""
        access = await self._database.read(read_access(current_call().user_id or ""))
        return pb.GetOwnAccessResponse(access=access_message(access))

    async def GetAccess(self, request: pb.GetAccessRequest) -> pb.GetAccessResponse:
        """Return what a subject was granted."""
        access = await self._database.read(read_access(request.subject_id))
        return pb.GetAccessResponse(access=access_message(access))

    async def WatchSecurityChanges(
        self, request: pb.WatchSecurityChangesRequest
    ) -> AsyncIterator[pb.WatchSecurityChangesResponse]:
        """Tell what is revoked, then each change."""
        async with aclosing(self.changes(current_call().draining)) as messages:
            async for message in messages:
                yield message

    async def changes(self, draining: asyncio.Event) -> AsyncGenerator[pb.WatchSecurityChangesResponse, None]:
        """Tell what is revoked, then each change, until `draining` is set. Raises DependencyDown, Overload."""
        # Who was told more by another process must not be told less here.
        await self._feed.catch_up()
        # Listening begins before what is revoked is read: a change in between is told twice, never not at all.
        with self._feed.listening() as listener:
            for session in await self._database.read(revoked_sessions(self._clock.now_micros())):
                yield _revoked(session.id, session.tokens_until)
            version = listener.access_version
            yield pb.WatchSecurityChangesResponse(complete=True, access_version=version)
            while not draining.is_set():
                changes = await listener.next(HEARTBEAT_SECONDS)
                for message in _messages(changes):
                    version = message.access_version
                    yield message
                if not changes:
                    yield pb.WatchSecurityChangesResponse(access_version=version)


def access_message(access: SubjectAccess) -> pb.Access:
    """Return what a subject may do as the contract has it."""
    return pb.Access(
        subject_id=access.subject_id,
        active=access.active,
        group_ids=access.group_ids,
        tenant_ids=access.tenant_ids,
        all_tenants=access.all_tenants,
        grants=[
            pb.Grant(
                permissions=grant.permissions,
                tenant_ids=sorted(grant.tenants or ()),
                process_definition_keys=grant.keys or (),
                involved_only=grant.involved_only,
            )
            for grant in access.grants
        ],
        version=access.version,
    )


def _opens(grant: RowGrant, request: pb.CheckPermissionRequest) -> bool:
    """Tell whether a grant is for the resource of a request; what is not said of it is not looked at."""
    resource = request.resource
    looked_at = replace(
        grant,
        tenants=grant.tenants if resource.HasField("tenant_id") else None,
        keys=grant.keys if resource.process_definition_key else None,
        involved_only=grant.involved_only and request.HasField("resource"),
    )
    return looked_at.opens(resource.tenant_id, resource.process_definition_key, involved=resource.involved)


def _messages(changes: Iterable[TellingChange]) -> list[pb.WatchSecurityChangesResponse]:
    """Return the messages of changes in their order; subjects that follow each other are told together."""
    messages: list[pb.WatchSecurityChangesResponse] = []
    for told in changes:
        change, version = told.change, told.access_version
        match change.kind:
            case ChangeKind.SESSION_REVOKED:
                message = _revoked(change.session_id, change.forget_at)
            case ChangeKind.KEYS:
                message = pb.WatchSecurityChangesResponse(keys_changed=pb.KeysChanged())
            case ChangeKind.ALL_SUBJECTS:
                message = pb.WatchSecurityChangesResponse(subjects_changed=pb.SubjectsChanged(all=True))
            case ChangeKind.SUBJECT:
                former = messages[-1] if messages else None
                if former is not None and 0 < len(former.subjects_changed.subject_ids) < _MOST_SUBJECTS:
                    former.subjects_changed.subject_ids.append(change.subject_id)
                    former.access_version = version
                    continue
                message = pb.WatchSecurityChangesResponse(
                    subjects_changed=pb.SubjectsChanged(subject_ids=[change.subject_id])
                )
        message.access_version = version
        messages.append(message)
    return messages


def _revoked(session_id: str, forget_at: int) -> pb.WatchSecurityChangesResponse:
    return pb.WatchSecurityChangesResponse(
        session_revoked=pb.SessionRevoked(session_id=session_id, forget_time=timestamp(forget_at))
    )
