"""The one token by which the first administrator is made."""

from __future__ import annotations

from dataclasses import dataclass

from mesh.db.statements import Execute, Fetch, InsertMany, Program, Row

_COLUMNS = ("id", "nonce", "digest", "created_at", "done_at")
_ID = 1


@dataclass(frozen=True, slots=True)
class BootstrapRow:
    """What is kept of the token. `done_at`: when it was used, in microseconds since the Unix epoch."""

    nonce: str
    digest: str
    done_at: int | None


def lock_bootstrap() -> Program[BootstrapRow | None]:
    """Return what is kept, locked until the transaction ends; None before the first start."""
    rows: list[Row] = yield Fetch("SELECT nonce, digest, done_at FROM bootstrap WHERE id=?", (_ID,), lock=True)
    return BootstrapRow(*rows[0]) if rows else None


def read_bootstrap() -> Program[BootstrapRow | None]:
    """Return what is kept; None before the first start."""
    rows: list[Row] = yield Fetch("SELECT nonce, digest, done_at FROM bootstrap WHERE id=?", (_ID,))
    return BootstrapRow(*rows[0]) if rows else None


def insert_bootstrap(nonce: str, digest: str, now: int) -> Program[None]:
    """Store a new token. `lock_changes` comes first."""
    yield InsertMany("bootstrap", _COLUMNS, [(_ID, nonce, digest, now, None)])


def finish_bootstrap(now: int) -> Program[None]:
    """Note that the token was used."""
    yield Execute("UPDATE bootstrap SET done_at=? WHERE id=?", (now, _ID))
