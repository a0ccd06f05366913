"""Schemas of forms read, off the event loop, and kept while they are used."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import orjson

from form_svc.schema import FormSchema, FormSchemaInvalid, parse
from mesh.errors import InvalidField, Violation

MAX_KEY = 255
MAX_KEPT = 100
MAX_KEPT_BYTES = 8 * 1024 * 1024
"""Of schemas as they were sent; read they take some twenty times as much."""
LEGACY_KEY = "id"


@dataclass(slots=True, frozen=True, eq=False)
class ReadForm:
    """A form that has been read: its schema to check by, and its document as it is shown."""

    schema: FormSchema
    document: dict[str, Any]
    sha256: str
    size_bytes: int

    @property
    def key(self) -> str:
        """The form's own id; empty where it gives itself none."""
        key = self.document.get("id")
        return key if isinstance(key, str) else ""

    @property
    def name(self) -> str:
        """What the form calls itself."""
        name = self.document.get("name")
        return name[:MAX_KEY] if isinstance(name, str) and name else self.key

    @property
    def version_tag(self) -> str:
        """The tag that the form gives its version."""
        tag = self.document.get("versionTag")
        return tag if isinstance(tag, str) else ""


class SchemaReader:
    """Reads schemas. What was read before is kept by its digest."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, ReadForm] = OrderedDict()
        self._kept_bytes = 0

    async def read(self, content: bytes) -> ReadForm:
        """Return a form. Raises `FormSchemaInvalid` with all its problems."""
        digest = hashlib.sha256(content).hexdigest()
        form = self._kept.get(digest)
        if form is None:
            form = await asyncio.to_thread(_read, content, digest)
            if digest not in self._kept:
                self._kept_bytes += form.size_bytes
            self._kept[digest] = form
        self._kept.move_to_end(digest)
        while len(self._kept) > MAX_KEPT or self._kept_bytes > MAX_KEPT_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= oldest.size_bytes
        return form

    async def deployable(self, content: bytes) -> ReadForm:
        """Return a form that has an id. Raises `InvalidField` (FORM_SCHEMA_INVALID)."""
        problems = await self.problems(content)
        if problems:
            raise schema_invalid(problems)
        return await self.read(content)

    async def problems(self, content: bytes) -> list[Violation]:
        """Return all that keeps a schema from being deployed, by its place."""
        try:
            form = await self.read(content)
        except FormSchemaInvalid as error:
            return [Violation(problem.path, problem.message) for problem in error.problems]
        return _naming_problems(form)


def _read(content: bytes, digest: str) -> ReadForm:
    schema = parse(content)
    return ReadForm(schema, orjson.loads(content.removeprefix(b"\xef\xbb\xbf")), digest, len(content))


def _naming_problems(form: ReadForm) -> list[Violation]:
    problems = []
    key = form.document.get("id")
    if not isinstance(key, str) or not key.strip() or key != key.strip() or len(key) > MAX_KEY:
        problems.append(
            Violation(
                "$.id",
                f"a form that is deployed needs an id of its own, of at most {MAX_KEY} characters, by which "
                "processes name it",
            )
        )
    tag = form.document.get("versionTag")
    if tag is not None and (not isinstance(tag, str) or tag != tag.strip() or len(tag) > MAX_KEY):
        problems.append(Violation("$.versionTag", f"must be a text of at most {MAX_KEY} characters"))
    return problems


def schema_invalid(problems: list[Violation]) -> InvalidField:
    """Return the error for a schema with these problems (at least one)."""
    count = len(problems)
    return InvalidField(
        "FORM_SCHEMA_INVALID",
        f"the form cannot be used: {count} problem{'s' if count > 1 else ''} found, each listed in the details. "
        f"The first: {problems[0].field}: {problems[0].description}",
        violations=problems,
    )
