"""Grants and narrowings as they lie in rows: lists are JSON, and an empty one stands for no limit."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from identity_svc.access.grants import Grant, Narrowing
from mesh.db.statements import Row


def grant_values(grant: Grant) -> Row:
    """Return permissions, tenants, keys and `involved_only` as they are stored."""
    return (_stored(grant.permissions), _stored(grant.tenants), _stored(grant.keys), int(grant.involved_only))


def grant_of(permissions: bytes, tenants: bytes, keys: bytes, involved_only: int) -> Grant:
    """Return the grant that is stored like this."""
    return Grant(_read(permissions) or (), _tenants(tenants), _read(keys), bool(involved_only))


def narrowing_values(narrowing: Narrowing) -> Row:
    """Return permissions, tenants, keys and `involved_only` as they are stored."""
    return (
        _stored(narrowing.permissions),
        _stored(narrowing.tenants),
        _stored(narrowing.keys),
        int(narrowing.involved_only),
    )


def narrowing_of(permissions: bytes, tenants: bytes, keys: bytes, involved_only: int) -> Narrowing:
    """Return the narrowing that is stored like this."""
    return Narrowing(_read(permissions), _tenants(tenants), _read(keys), bool(involved_only))


def _stored(values: Iterable[str] | None) -> bytes:
    return orjson.dumps(sorted(values or ()))


def _read(stored: bytes) -> tuple[str, ...] | None:
    return tuple(orjson.loads(stored)) or None


def _tenants(stored: bytes) -> frozenset[str] | None:
    values = _read(stored)
    return None if values is None else frozenset(values)
