"""Submitted data checked by the form, and what of it is taken over."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from form_svc.commands.form_lookup import FoundForm
from form_svc.commands.refusals import data_too_large
from form_svc.schema.field_types import Input
from form_svc.storage.files import File
from form_svc.submission import Circumstances, SubmittedFile, submit
from mesh.errors import InvalidField, Violation

ENGLISH = "en"
MAX_DATA_BYTES = 3 * 1024 * 1024
"""Of what is taken over, as JSON. It is stored twice, and a statement of MariaDB may have 16 MiB."""
Files = Mapping[str, Sequence[str]]
"""File ids by the text that stands for them in the data."""


@dataclass(slots=True, frozen=True)
class CheckedData:
    """Data that keeps to its form. `files` has those alone that the data names."""

    data: dict[str, Any]
    files: Files
    paths: Sequence[tuple[str, ...]]
    """Where fields for files have their values."""

    @property
    def file_ids(self) -> list[str]:
        """Ids of the files, each once."""
        return list(dict.fromkeys(file_id for ids in self.files.values() for file_id in ids))

    def with_files(self, found: Mapping[str, File]) -> dict[str, Any]:
        """Return the data with the files where texts stood for them, so that the process knows what they are."""
        if not self.files:
            return self.data
        told = {text: [_told(found[file_id]) for file_id in ids] for text, ids in self.files.items()}
        data = self.data
        for path in self.paths:
            data = _replaced(data, path, told)
        return data


def _told(file: File) -> dict[str, Any]:
    return {
        "fileId": file.id,
        "name": file.name,
        "contentType": file.content_type,
        "size": file.size_bytes,
        "sha256": file.sha256,
    }


def _replaced(value: Any, path: Sequence[str], told: Mapping[str, Any]) -> Any:
    """Return a value with the texts at a path replaced; lists on the way are the rows of dynamic lists."""
    if isinstance(value, list):
        return [_replaced(row, path, told) for row in value]
    if not path:
        return told.get(value, value) if isinstance(value, str) else value
    if not isinstance(value, dict) or path[0] not in value:
        return value
    return {**value, path[0]: _replaced(value[path[0]], path[1:], told)}


async def check_data(
    found: FoundForm,
    data: dict[str, Any],
    variables: dict[str, Any],
    files: Files,
    known: Mapping[str, File],
    language: str,
    now: int,
) -> CheckedData:
    """Check data off the event loop. `now` in microseconds.

    Raises `InvalidField` (FORM_DATA_INVALID) with every fault.
    """
    schema = found.form.schema
    uploaded = {
        text: [SubmittedFile(known[each].name, known[each].content_type) for each in ids if each in known]
        for text, ids in files.items()
    }

    circumstances = Circumstances(
        now=datetime.datetime.fromtimestamp(now / 1_000_000, datetime.UTC),
        # A text that stands for no file, or for one that there is not, is a fault of its field, told with all others.
        files={text: named for text, named in uploaded.items() if named and len(named) == len(files[text])},
    )
    shown = found.shown(variables)
    outcome = await asyncio.to_thread(submit, schema, data, shown, language or ENGLISH, circumstances)
    violations = [Violation(fault.path, fault.message) for fault in outcome.violations]
    accepted = outcome.data
    if violations:
        count = len(violations)
        raise InvalidField(
            "FORM_DATA_INVALID",
            f"nothing was submitted: {count} fault{'s' if count > 1 else ''} found, each listed in the details. "
            f"The first: {violations[0].field}: {violations[0].description}",
            metadata={"form_key": found.key},
            violations=violations,
        )
    size = len(orjson.dumps(accepted))
    if size > MAX_DATA_BYTES:
        raise data_too_large(size, MAX_DATA_BYTES, "as JSON")
    paths = [each.value_path for each in schema.fields.values() if each.type.input is Input.FILES]
    named = _texts_at(accepted, paths)
    return CheckedData(found.taken_over(accepted), {text: ids for text, ids in files.items() if text in named}, paths)


def _texts_at(data: dict[str, Any], paths: Sequence[tuple[str, ...]]) -> set[str]:
    found: set[str] = set()

    def look(value: Any, path: Sequence[str]) -> None:
        if isinstance(value, list):
            for row in value:
                look(row, path)
        elif not path:
            if isinstance(value, str):
                found.add(value)
        elif isinstance(value, dict) and path[0] in value:
            look(value[path[0]], path[1:])

    for path in paths:
        look(data, path)
    return found
