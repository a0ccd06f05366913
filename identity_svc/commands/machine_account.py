"""The account by which the commands of a machine sign in: made by whoever starts the mesh there, not by a caller."""

from __future__ import annotations

from identity_svc.commands.administrators import make_administrator
from identity_svc.commands.api_keys import ApiKeys
from identity_svc.commands.changes import Changes
from identity_svc.queries.caller import THE_MESH
from identity_svc.storage.layout import SERVICE_ACCOUNT
from identity_svc.storage.security_changes import lock_changes
from identity_svc.storage.subjects import Subject, id_taken
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.db.served_database import write_again
from mesh.db.statements import Program


class MachineAccount:
    """A service account that may do everything. `database` is one that calls are served from."""

    def __init__(self, account_id: str, database: Database, clock: Clock, keys: ApiKeys) -> None:
        self._id = account_id
        self._database = database
        self._clock = clock
        self._keys = keys

    async def known(self) -> bool:
        """Tell whether there is, or once was, somebody of this id. Raises `DependencyDown`."""
        return await self._database.read(id_taken(self._id))

    async def key(self, machine: str, request_id: str) -> str:
        """Return an API key for a machine, the same for the same request id; the account is made where none ever was.

        Raises `NotFound` where the account was deleted, or where the key of this request was revoked; `WrongState`
        where there are too many keys; `DependencyDown`.
        """
        await write_again(self._database, self._make)
        _, secret = await self._keys.create(THE_MESH, self._id, machine, None, request_id)
        return secret

    def _make(self) -> Program[None]:
        yield from lock_changes()
        # One that was disabled, deleted or given less stays so.
        if (yield from id_taken(self._id)):
            return
        changes = Changes(THE_MESH, self._clock.now_micros())
        about = "Commands of the machines that the mesh was started on."
        yield from make_administrator(changes, Subject(self._id, SERVICE_ACCOUNT, description=about))
        yield from changes.write()
