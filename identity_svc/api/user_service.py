"""`flowmesh.identity.v1.UserService`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flowmesh.identity.v1 import user_service_pb2 as pb

from identity_svc.api.callers import Callers
from identity_svc.api.mapping import user_message
from identity_svc.api.masks import masked_fields
from identity_svc.commands import subjects
from identity_svc.commands.changes import Changes
from identity_svc.commands.refusals import user_missing
from identity_svc.commands.writing import DirectoryWriter
from identity_svc.queries.subjects import SubjectFilter, list_subjects, visible_subject
from identity_svc.storage.layout import USER
from identity_svc.storage.subjects import Subject
from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.paging import decode_page_token, encode_page_token, page_size_of

_FIELDS = ("display_name", "email", "given_name", "family_name", "locale", "tenant_ids", "all_tenants", "attributes")


@dataclass(slots=True)
class UserServicer:
    """Serves UserService."""

    database: Database
    writer: DirectoryWriter
    callers: Callers

    async def CreateUser(self, request: pb.CreateUserRequest) -> bytes:
        """See the contract."""
        caller = self.callers.current()
        wanted = Subject(request.id, USER, **_values(request.details, _FIELDS))

        def work(changes: Changes) -> Program[pb.CreateUserResponse]:
            user = yield from subjects.create_subject(changes, wanted)
            return pb.CreateUserResponse(user=user_message(caller, user))

        return await self.writer.change(caller, request, work, about=request.id)

    async def GetUser(self, request: pb.GetUserRequest) -> pb.GetUserResponse:
        """See the contract."""
        caller = self.callers.current()
        user = await self.database.read(visible_subject(caller, request.id, USER))
        if user is None:
            raise user_missing(request.id)
        return pb.GetUserResponse(user=user_message(caller, user))

    async def ListUsers(self, request: pb.ListUsersRequest) -> pb.ListUsersResponse:
        """See the contract."""
        caller = self.callers.current()
        size = page_size_of(request)
        after = decode_page_token(request, str)
        wanted = SubjectFilter(
            USER,
            request.status,
            request.tenant_id if request.HasField("tenant_id") else None,
            request.group_id,
            request.email,
            request.id_prefix,
        )
        users = await self.database.read(list_subjects(caller, wanted, str(after[0]) if after else None, size + 1))
        return pb.ListUsersResponse(
            users=[user_message(caller, user) for user in users[:size]],
            next_page_token=encode_page_token(request, [users[size - 1].id]) if len(users) > size else "",
        )

    async def UpdateUser(self, request: pb.UpdateUserRequest) -> bytes:
        """See the contract."""
        fields = masked_fields(request.details, request.update_mask, _FIELDS)
        values = _values(request.details, fields)

        def change(changes: Changes, user: Subject) -> Program[Subject]:
            return subjects.update_details(changes, user, values, request.etag)

        return await self._change(request, change, lambda user: pb.UpdateUserResponse(user=user))

    async def DisableUser(self, request: pb.DisableUserRequest) -> bytes:
        """See the contract."""

        def change(changes: Changes, user: Subject) -> Program[Subject]:
            return subjects.disable_subject(changes, user, request.etag)

        return await self._change(request, change, lambda user: pb.DisableUserResponse(user=user))

    async def EnableUser(self, request: pb.EnableUserRequest) -> bytes:
        """See the contract."""

        def change(changes: Changes, user: Subject) -> Program[Subject]:
            return subjects.enable_subject(changes, user, request.etag)

        return await self._change(request, change, lambda user: pb.EnableUserResponse(user=user))

    async def DeleteUser(self, request: pb.DeleteUserRequest) -> bytes:
        """See the contract."""
        caller = self.callers.current()

        def work(changes: Changes) -> Program[pb.DeleteUserResponse]:
            user = yield from subjects.require_subject(caller, request.id, USER, user_missing(request.id))
            yield from subjects.delete_subject(changes, user, request.etag)
            return pb.DeleteUserResponse()

        return await self.writer.change(caller, request, work, about=request.id)

    async def _change(
        self,
        request: pb.UpdateUserRequest | pb.DisableUserRequest | pb.EnableUserRequest,
        change: Callable[[Changes, Subject], Program[Subject]],
        answer: Callable[[pb.User], pb.UpdateUserResponse | pb.DisableUserResponse | pb.EnableUserResponse],
    ) -> bytes:
        caller = self.callers.current()

        def work(
            changes: Changes,
        ) -> Program[pb.UpdateUserResponse | pb.DisableUserResponse | pb.EnableUserResponse]:
            user = yield from subjects.require_subject(caller, request.id, USER, user_missing(request.id))
            user = yield from change(changes, user)
            return answer(user_message(caller, user))

        return await self.writer.change(caller, request, work, about=request.id)


def _values(details: pb.UserDetails, fields: Iterable[str]) -> dict[str, Any]:
    return {field: _KINDS.get(field, _same)(getattr(details, field)) for field in fields}


def _same(value: Any) -> Any:
    return value


_KINDS: Mapping[str, Callable[[Any], Any]] = {"tenant_ids": tuple, "attributes": dict}
