"""`flowmesh.identity.v1.DirectoryService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.identity.v1 import directory_service_pb2 as pb

from identity_svc.api.mapping import timestamp
from identity_svc.commands.event_messages import profile_of, user_ref
from identity_svc.queries.directory import list_entries
from identity_svc.storage.layout import ACTIVE
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.paging import decode_page_token, encode_page_token, page_size_of


@dataclass(slots=True)
class DirectoryServicer:
    """Serves DirectoryService."""

    database: Database
    clock: Clock

    async def ListDirectoryEntries(self, request: pb.ListDirectoryEntriesRequest) -> pb.ListDirectoryEntriesResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str)
        read_at = self.clock.now_micros()
        found = await self.database.read(list_entries(str(after[0]) if after else None, size + 1))
        return pb.ListDirectoryEntriesResponse(
            entries=[
                pb.DirectoryEntry(
                    user=user_ref(subject),
                    active=subject.status == ACTIVE,
                    display_name=subject.display_name,
                    profile=profile_of(subject),
                    group_ids=group_ids,
                    update_time=timestamp(subject.updated_at),
                )
                for subject, group_ids in found[:size]
            ],
            next_page_token=encode_page_token(request, [found[size - 1][0].id]) if len(found) > size else "",
            read_time=timestamp(read_at),
        )
