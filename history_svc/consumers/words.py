"""Texts in events → words by which their records are found.

Words are only added: a record keeps those that it once had, and a search looks whether it still has them. So no text
has to be read to be indexed, and events may come in any order.
"""

from __future__ import annotations

from typing import Final

from flowmesh.events.v1.workflow_pb2 import ProcessInstanceRef

from history_svc.storage.layout import WORD_COLUMNS, WORD_TABLE
from history_svc.storage.words import words_of
from mesh.db.statements import Program, UpsertMany

_KEY: Final = WORD_COLUMNS[:3]


class WordChanges:
    """What one batch of events says about the words of records."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, int], str] = {}

    def add(self, kind: int, record_id: str, reference: ProcessInstanceRef, text: str) -> None:
        """Add a text of a record."""
        if text:
            for word in words_of(text):
                self._rows[word, record_id, kind] = reference.tenant_id

    def write(self) -> Program[None]:
        """Write the words that are not there yet: one write."""
        if self._rows:
            rows = [(*key, tenant_id) for key, tenant_id in sorted(self._rows.items())]
            yield UpsertMany(WORD_TABLE, WORD_COLUMNS, _KEY, (), rows)
