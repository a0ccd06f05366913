"""The numbers that stand for kinds and states in rows. They are those of the contract's enums."""

from __future__ import annotations

from typing import Final

USER: Final = 1
SERVICE_ACCOUNT: Final = 2

ACTIVE: Final = 1
DISABLED: Final = 2
DELETED: Final = 3
"""The row is there only so that nobody else gets the id."""

TO_SUBJECT: Final = 1
TO_GROUP: Final = 2
"""Of role assignments."""

NO_TENANT_NAME: Final = ""
"""The tenant that is always there."""
