"""The key pairs of access tokens: which one signs, which ones are taken, and how one follows another."""

from __future__ import annotations

from dataclasses import dataclass

from identity_svc.signing.key_pairs import KeyPair
from identity_svc.storage.security_changes import ChangeKind, SecurityChange, append_changes, lock_changes
from mesh.db.statements import Execute, Fetch, InsertMany, Program, Row

_COLUMNS = ("id", "public_key", "sealed_key", "created_at", "sign_from", "drop_at", "request_id")
_MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key pair with its times, in microseconds since the Unix epoch.

    `drop_at`: None as long as no other one is to follow it. `request_id`: of the call that made it.
    """

    pair: KeyPair
    created_at: int
    sign_from: int
    drop_at: int | None
    request_id: str


@dataclass(frozen=True, slots=True)
class KeyTimes:
    """`rotate_after`: after so many seconds a key has a successor. `publish`: so long a key is in the set before it
    signs. `keep`: so long it is in the set after that, until its last token has run out."""

    rotate_after: float
    publish: float
    keep: float


def read_keys(now: int) -> Program[list[StoredKey]]:
    """Return the keys that are taken at a time, the one first that signs first."""
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(_COLUMNS)} FROM signing_key WHERE drop_at IS NULL OR drop_at>? ORDER BY sign_from, id",
        (now,),
    )
    return [StoredKey(KeyPair(key_id, bytes(public), bytes(sealed)), *times) for key_id, public, sealed, *times in rows]


def is_due(keys: list[StoredKey], times: KeyTimes, now: int) -> bool:
    """Tell whether a successor is to be made: there is no key, or the newest one is old enough."""
    return not keys or now - keys[-1].sign_from >= (times.rotate_after - times.publish) * _MICROS


def rotate_if_due(fresh: KeyPair, times: KeyTimes, now: int) -> Program[bool]:
    """Let a new key follow the newest one where that is due; tell whether it was. Processes take turns."""
    yield from lock_changes()
    keys = yield from read_keys(now)
    if not is_due(keys, times, now):
        return False
    yield from add_key(fresh, keys, times, now)
    return True


def add_key(
    fresh: KeyPair, keys: list[StoredKey], times: KeyTimes, now: int, request_id: str = ""
) -> Program[StoredKey]:
    """Let a new key follow `keys`. `lock_changes` comes first."""
    sign_from = now + int(times.publish * _MICROS) if keys else now
    added = StoredKey(fresh, now, sign_from, None, request_id)
    yield _insert(added)
    # One that was to come signs as long as this one is not there; then it is as old as the others.
    yield Execute(
        "UPDATE signing_key SET drop_at=? WHERE drop_at IS NULL AND id<>?",
        (sign_from + int(times.keep * _MICROS), fresh.id),
    )
    yield from append_changes([SecurityChange(ChangeKind.KEYS)], now)
    return added


def replace_keys(fresh: KeyPair, now: int, request_id: str = "") -> Program[StoredKey]:
    """Let a new key sign at once, and take no token any more that another one has signed.

    `lock_changes` comes first.
    """
    yield Execute("DELETE FROM signing_key")
    added = StoredKey(fresh, now, now, None, request_id)
    yield _insert(added)
    yield from append_changes([SecurityChange(ChangeKind.KEYS)], now)
    return added


def drop_keys(now: int) -> Program[int]:
    """Forget the keys whose time is over; return how many."""
    dropped: int = yield Execute("DELETE FROM signing_key WHERE drop_at<?", (now,))
    return dropped


def _insert(key: StoredKey) -> InsertMany:
    pair = key.pair
    values = (pair.id, pair.public_key, pair.sealed_key, key.created_at, key.sign_from, key.drop_at, key.request_id)
    return InsertMany("signing_key", _COLUMNS, [values])
