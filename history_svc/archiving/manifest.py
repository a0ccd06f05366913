"""The manifest of an archive: which files it has, how many rows, and by what they are known to be whole."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import orjson

FORMAT: Final = "flowmesh-history-archive"
FORMAT_VERSION: Final = 1
MANIFEST: Final = "manifest.json"
_CHUNK: Final = 1 << 20


class ManifestUnreadable(ValueError):
    """The manifest is not there, is damaged, or is of a release that this one does not know."""


@dataclass(slots=True, frozen=True)
class ArchiveFile:
    """A file with the rows of one table. `columns`: name and Parquet type of each."""

    file: str
    table: str
    kind: int
    rows: int
    bytes: int
    sha256: str
    columns: list[list[str]]


@dataclass(slots=True, frozen=True)
class Manifest:
    """What an archive has. Times are microseconds since the Unix epoch."""

    archive_id: str
    tenant_id: str
    process_definition_key: str
    schema_version: str
    create_micros: int
    instances: int
    first_end_micros: int
    last_end_micros: int
    files: list[ArchiveFile]
    format: str = FORMAT
    format_version: int = FORMAT_VERSION

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(file.rows for file in self.files)

    def to_json(self) -> bytes:
        """Return the text of the manifest."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def read_manifest(content: bytes) -> Manifest:
    """Return what `Manifest.to_json` has written. Raises `ManifestUnreadable`."""
    try:
        fields: dict[str, Any] = orjson.loads(content)
        if (fields["format"], fields["format_version"]) != (FORMAT, FORMAT_VERSION):
            raise ManifestUnreadable(f"format {fields['format']} {fields['format_version']} is not known")
        files = [ArchiveFile(**file) for file in fields.pop("files")]
        return Manifest(files=files, **fields)
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise ManifestUnreadable(f"it is damaged: {error}") from error


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
