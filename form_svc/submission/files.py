"""Files that a submission refers to, and which of them a field takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class SubmittedFile:
    """An uploaded file."""

    name: str
    content_type: str = ""


SubmittedFiles = Mapping[str, Sequence[SubmittedFile]]
"""The uploaded files by the key that stands for them in the data, such as `files::a1b2`."""


def is_accepted(file: SubmittedFile, accept: str) -> bool:
    """Tell whether a file is of a kind that `accept` names, as HTML's attribute of that name does."""
    kinds = [kind.strip().lower() for kind in accept.split(",") if kind.strip()]
    name, content_type = file.name.lower(), file.content_type.lower().partition(";")[0].strip()
    return not kinds or any(_fits(kind, name, content_type) for kind in kinds)


def _fits(kind: str, name: str, content_type: str) -> bool:
    if kind.startswith("."):
        return name.endswith(kind)
    if kind in ("*", "*/*"):
        return True
    if kind.endswith("/*"):
        return content_type.startswith(kind[:-1])
    return content_type == kind
