"""`flowmesh.identity.v1.ServiceAccountService`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flowmesh.identity.v1 import service_account_service_pb2 as pb

from identity_svc.api.callers import Callers
from identity_svc.api.mapping import service_account_message
from identity_svc.api.masks import masked_fields
from identity_svc.commands import subjects
from identity_svc.commands.changes import Changes
from identity_svc.commands.refusals import service_account_missing
from identity_svc.commands.writing import DirectoryWriter
from identity_svc.queries.subjects import SubjectFilter, list_subjects, visible_subject
from identity_svc.storage.layout import SERVICE_ACCOUNT
from identity_svc.storage.subjects import Subject
from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.paging import decode_page_token, encode_page_token, page_size_of

_FIELDS = ("display_name", "description", "tenant_ids", "all_tenants")


@dataclass(slots=True)
class ServiceAccountServicer:
    """Serves ServiceAccountService."""

    database: Database
    writer: DirectoryWriter
    callers: Callers

    async def CreateServiceAccount(self, request: pb.CreateServiceAccountRequest) -> bytes:
        """See the contract."""
        caller = self.callers.current()
        wanted = Subject(request.id, SERVICE_ACCOUNT, **_values(request.details, _FIELDS))

        def work(changes: Changes) -> Program[pb.CreateServiceAccountResponse]:
            account = yield from subjects.create_subject(changes, wanted)
            return pb.CreateServiceAccountResponse(service_account=service_account_message(caller, account))

        return await self.writer.change(caller, request, work, about=request.id)

    async def GetServiceAccount(self, request: pb.GetServiceAccountRequest) -> pb.GetServiceAccountResponse:
        """See the contract."""
        caller = self.callers.current()
        account = await self.database.read(visible_subject(caller, request.id, SERVICE_ACCOUNT))
        if account is None:
            raise service_account_missing(request.id)
        return pb.GetServiceAccountResponse(service_account=service_account_message(caller, account))

    async def ListServiceAccounts(self, request: pb.ListServiceAccountsRequest) -> pb.ListServiceAccountsResponse:
        """See the contract."""
        caller = self.callers.current()
        size = page_size_of(request)
        after = decode_page_token(request, str)
        wanted = SubjectFilter(
            SERVICE_ACCOUNT,
            request.status,
            request.tenant_id if request.HasField("tenant_id") else None,
            request.group_id,
            "",
            request.id_prefix,
        )
        accounts = await self.database.read(list_subjects(caller, wanted, str(after[0]) if after else None, size + 1))
        return pb.ListServiceAccountsResponse(
            service_accounts=[service_account_message(caller, account) for account in accounts[:size]],
            next_page_token=encode_page_token(request, [accounts[size - 1].id]) if len(accounts) > size else "",
        )

    async def UpdateServiceAccount(self, request: pb.UpdateServiceAccountRequest) -> bytes:
        """See the contract."""
        fields = masked_fields(request.details, request.update_mask, _FIELDS)
        values = _values(request.details, fields)

        def change(changes: Changes, account: Subject) -> Program[Subject]:
            return subjects.update_details(changes, account, values, request.etag)

        return await self._change(
            request, change, lambda account: pb.UpdateServiceAccountResponse(service_account=account)
        )

    async def DisableServiceAccount(self, request: pb.DisableServiceAccountRequest) -> bytes:
        """See the contract."""

        def change(changes: Changes, account: Subject) -> Program[Subject]:
            return subjects.disable_subject(changes, account, request.etag)

        return await self._change(
            request, change, lambda account: pb.DisableServiceAccountResponse(service_account=account)
        )

    async def EnableServiceAccount(self, request: pb.EnableServiceAccountRequest) -> bytes:
        """See the contract."""

        def change(changes: Changes, account: Subject) -> Program[Subject]:
            return subjects.enable_subject(changes, account, request.etag)

        return await self._change(
            request, change, lambda account: pb.EnableServiceAccountResponse(service_account=account)
        )

    async def DeleteServiceAccount(self, request: pb.DeleteServiceAccountRequest) -> bytes:
        """See the contract."""
        caller = self.callers.current()

        def work(changes: Changes) -> Program[pb.DeleteServiceAccountResponse]:
            account = yield from subjects.require_subject(
                caller, request.id, SERVICE_ACCOUNT, service_account_missing(request.id)
            )
            yield from subjects.delete_subject(changes, account, request.etag)
            return pb.DeleteServiceAccountResponse()

        return await self.writer.change(caller, request, work, about=request.id)

    async def _change(
        self,
        request: pb.UpdateServiceAccountRequest | pb.DisableServiceAccountRequest | pb.EnableServiceAccountRequest,
        change: Callable[[Changes, Subject], Program[Subject]],
        answer: Callable[
            [pb.ServiceAccount],
            pb.UpdateServiceAccountResponse | pb.DisableServiceAccountResponse | pb.EnableServiceAccountResponse,
        ],
    ) -> bytes:
        caller = self.callers.current()

        def work(
            changes: Changes,
        ) -> Program[
            pb.UpdateServiceAccountResponse | pb.DisableServiceAccountResponse | pb.EnableServiceAccountResponse
        ]:
            account = yield from subjects.require_subject(
                caller, request.id, SERVICE_ACCOUNT, service_account_missing(request.id)
            )
            account = yield from change(changes, account)
            return answer(service_account_message(caller, account))

        return await self.writer.change(caller, request, work, about=request.id)


def _values(details: pb.ServiceAccountDetails, fields: Iterable[str]) -> dict[str, Any]:
    return {field: tuple(details.tenant_ids) if field == "tenant_ids" else getattr(details, field) for field in fields}
