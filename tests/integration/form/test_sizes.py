"""The largest submission that is taken fits into the databases' statements, whatever has to be escaped in it."""

from __future__ import annotations

import pytest

from form_svc.commands.checking import MAX_DATA_BYTES
from form_svc.commands.submitting import MAX_REQUEST_BYTES
from form_svc.storage.layout import PENDING, TASK
from form_svc.storage.submissions import Content, Submission, insert_submission, read_content
from mesh.db.database import Database


@pytest.mark.parametrize("byte", [b"\0", b"'", b"\\"])
async def test_the_largest_submission_is_kept(form_database: Database, byte: bytes) -> None:
    texts = dict.fromkeys(Submission.__slots__, "")
    numbers = dict.fromkeys(("form_version", "created_at", "settled_at", "attempts", "next_attempt_at"), 0)
    submission = Submission(**{**texts, **numbers, "id": "s", "kind": TASK, "state": PENDING})  # type: ignore[arg-type]
    content = Content(byte * MAX_DATA_BYTES, b"{}", byte * MAX_REQUEST_BYTES)
    await form_database.write(insert_submission(submission, content))
    assert await form_database.read(read_content("s")) == content
