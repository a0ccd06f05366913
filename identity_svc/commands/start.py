"""What the directory has before the first call: the roles that Flowmesh brings."""

from __future__ import annotations

from identity_svc.commands.changes import Changes
from identity_svc.commands.roles import bring_built_in
from identity_svc.queries.caller import THE_MESH
from identity_svc.storage.security_changes import lock_changes
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.db.served_database import ServedDatabase, write_again
from mesh.db.statements import Program
from mesh.logs import get_log

_log = get_log(__name__)


async def prepare_directory(database: Database, clock: Clock) -> None:
    """Bring the built-in roles to what this release says; processes that start at once take turns.

    Raises `DependencyDown` where the database does not answer.
    """

    def work() -> Program[bool]:
        yield from lock_changes()
        changes = Changes(THE_MESH, clock.now_micros())
        changed = yield from bring_built_in(changes)
        yield from changes.write()
        return changed

    if await write_again(ServedDatabase(database), work):
        _log.info("The built-in roles are those of this release now")
