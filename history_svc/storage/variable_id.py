"""Ids of variables: `<instance>.<scope>.<name>`, safe in a URL, the same for the same variable for ever."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

OWN_SCOPE: Final = "0"
MAX_PLAIN_LENGTH: Final = 181
MAX_ENCODED_BYTES: Final = 135

_PLAIN: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_PLAIN_LENGTH}}}")


def variable_id(process_instance_id: str, scope_activity_id: str, name: str) -> str:
    """Return the id of a variable; at most 512 characters, as the contract's reads take.

    The scope is the number of its activity in the instance, `0` for the instance's own scope.
    """
    return f"{scope_prefix(process_instance_id, scope_activity_id)}{name_part(name)}"


def scope_prefix(process_instance_id: str, scope_activity_id: str) -> str:
    """Return what the ids of all variables of a scope begin with."""
    if not scope_activity_id:
        return f"{process_instance_id}.{OWN_SCOPE}."
    owner, _, number = scope_activity_id.partition(".")
    if owner == process_instance_id and number.isascii() and number.isdigit() and number != OWN_SCOPE:
        return f"{scope_activity_id}."
    return f"{process_instance_id}.{_encoded(scope_activity_id)}."


def name_part(name: str) -> str:
    """Return a variable name as it stands in an id: itself where it is plain, else encoded after a `~`."""
    return name if _PLAIN.fullmatch(name) else _encoded(name)


def _encoded(text: str) -> str:
    raw = text.encode()
    if len(raw) <= MAX_ENCODED_BYTES:
        return f"~{urlsafe_b64encode(raw).rstrip(b'=').decode()}"
    # Too long to be told in full; `~~` cannot begin an encoded text.
    return f"~~{sha256(raw).hexdigest()}"
