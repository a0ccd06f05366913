"""The first administrator: made by whoever has the bootstrap token, once."""

from __future__ import annotations

import asyncio
import os
import secrets
from dataclasses import replace
from pathlib import Path

from identity_svc.commands.administrators import make_administrator
from identity_svc.commands.changes import Changes
from identity_svc.commands.issuing import IssuedTokens
from identity_svc.commands.passwords import Passwords
from identity_svc.commands.sessions import Begun, Sessions
from identity_svc.commands.sign_in_refusals import bootstrap_done, credentials_invalid
from identity_svc.queries.caller import Caller
from identity_svc.signing.opaque import bootstrap_token, digest_of, is_same
from identity_svc.storage.administrators import administrator_exists
from identity_svc.storage.audit import Actor
from identity_svc.storage.bootstrap import (
    BootstrapRow,
    finish_bootstrap,
    insert_bootstrap,
    lock_bootstrap,
    read_bootstrap,
)
from identity_svc.storage.credentials import set_password
from identity_svc.storage.layout import USER
from identity_svc.storage.security_changes import lock_changes
from identity_svc.storage.sessions import Origin
from identity_svc.storage.subjects import Subject
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.db.served_database import write_again
from mesh.db.statements import Program
from mesh.logs import get_log
from mesh.startup import StartupError

_NONCE_BYTES = 32

_log = get_log(__name__)


class Bootstrap:
    """Makes the first administrator. `database` is one that calls are served from.

    The token is made from a nonce in the database and a secret of the mesh: every process can tell it as long as it is
    unused, and the database alone does not give it away.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        passwords: Passwords,
        sessions: Sessions,
        token_key: bytes,
        token_file: Path | None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._sessions = sessions
        self._token_key = token_key
        self._token_file = token_file

    async def announce(self) -> str | None:
        """Tell the token to who starts the process, as long as there is no administrator; return it, None then.

        It goes to the file that is set, which only its owner can read, else to the log. Raises StartupError where the
        file cannot be written, and `DependencyDown`.
        """
        row = await write_again(self._database, self._prepared)
        token = None if row is None else bootstrap_token(self._token_key, row.nonce)
        if row is not None and token is not None and not is_same(row.digest, token):
            raise StartupError(
                "The bootstrap token of the database was made with another secret than "
                "FLOWMESH_IDENTITY_KEY_ENCRYPTION_SECRET (or FLOWMESH_MESH_SECRET, where that is not set) is now; set "
                "it as it was."
            )
        if self._token_file is not None:
            await self._write_file(self._token_file, token)
        elif token is not None:
            _log.warning(
                "There is no administrator yet: make one with this bootstrap token, which works once",
                bootstrap_token=token,
            )
        return token

    async def use(self, token: str, user_id: str, password: str, actor: Actor) -> IssuedTokens:
        """Make the first administrator, of all tenants, and sign it in.

        Raises Unauthenticated (CREDENTIALS_INVALID), WrongState (BOOTSTRAP_DONE), InvalidField (PASSWORD_TOO_WEAK),
        AlreadyExists (ID_TAKEN), Overload (BACKPRESSURE).
        """
        _check(await self._database.read(read_bootstrap()), token)
        password_hash = await self._passwords.hash_of_new(password, user_id, "password")
        begun = await write_again(
            self._database, lambda: self._use(token, user_id, password_hash, actor, self._clock.now_micros())
        )
        if self._token_file is not None:
            try:
                await self._write_file(self._token_file, None)
            except StartupError as error:
                # What is in it is worth nothing any more.
                _log.warning("The file of the bootstrap token could not be removed", error=error)
        return await self._sessions.tokens_of(begun)

    def _prepared(self) -> Program[BootstrapRow | None]:
        now = self._clock.now_micros()
        yield from lock_changes()
        row = yield from lock_bootstrap()
        if row is None:
            nonce = secrets.token_hex(_NONCE_BYTES)
            row = BootstrapRow(nonce, digest_of(bootstrap_token(self._token_key, nonce)), None)
            yield from insert_bootstrap(row.nonce, row.digest, now)
        if row.done_at is not None:
            return None
        if (yield from administrator_exists()):
            yield from finish_bootstrap(now)
            return None
        return row

    def _use(self, token: str, user_id: str, password_hash: str, actor: Actor, now: int) -> Program[Begun]:
        yield from lock_changes()
        _check((yield from lock_bootstrap()), token)
        if (yield from administrator_exists()):
            raise bootstrap_done()
        by = replace(actor, id=user_id, session_id="")
        changes = Changes(Caller(by, bound=False), now)
        user = yield from make_administrator(changes, Subject(user_id, USER))
        yield from set_password(user.id, password_hash, now)
        yield from finish_bootstrap(now)
        yield from changes.write()
        return (yield from self._sessions.begin(user.id, Origin.BOOTSTRAP, actor, now))

    async def _write_file(self, file: Path, token: str | None) -> None:
        try:
            await asyncio.to_thread(_written, file, token)
        except OSError as error:
            raise StartupError(f"The file of the bootstrap token, {file}, cannot be written: {error}.") from error


def _check(row: BootstrapRow | None, token: str) -> None:
    if row is None:
        raise credentials_invalid()
    if row.done_at is not None:
        raise bootstrap_done()
    if not is_same(row.digest, token):
        raise credentials_invalid()


def _written(file: Path, token: str | None) -> None:
    if token is None:
        file.unlink(missing_ok=True)
        return
    # Written anew under another name: whoever had a wider file open sees nothing, and nobody sees half of it.
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(f"{token}\n")
        handle.flush()
        os.fsync(handle.fileno())
    fresh.replace(file)
