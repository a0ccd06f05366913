"""The JSON Schema of the format, made of the same shapes that check documents.

python -m engine_svc.model.documents.schema OUT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from engine_svc.model.documents.format import DOCUMENT, RECORDS, SHAPES
from engine_svc.model.documents.shapes import TEXTS


def json_schema() -> dict[str, Any]:
    """Return the schema, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:flowmesh:process-definition:1",
        "title": "Flowmesh process definition",
        "description": "A process in JSON or YAML; docs/definitions.md explains it.",
        **DOCUMENT.schema(),
        "$defs": {
            **{text.defined: text.definition() for text in TEXTS},
            **{name: shape.schema() for name, shape in SHAPES.items()},
            **{kind: record.schema() for kind, record in RECORDS.items()},
        },
    }


def schema_text() -> str:
    """Return the schema as the file has it."""
    return json.dumps(json_schema(), indent=1) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_text(), "utf-8")
